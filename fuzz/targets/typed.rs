#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    podgate_fuzz::typed::run(bytes);
});
