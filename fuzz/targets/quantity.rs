#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| podgate_fuzz::quantity::run(bytes));
