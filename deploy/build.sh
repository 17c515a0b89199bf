#!/bin/sh
# Builds podgate as it is released: once so that it counts what it does, then trains that one (train.sh), and builds it
# again by what was counted, which makes a call a tenth to a quarter cheaper. Takes twice as long as `cargo build --release`.
#   deploy/build.sh [--static] [--quick] [TARGET]
# TARGET is that of the compiler unless given; one that is installed, and that this machine can run. Prints where the binary
# is. All of it is made anew, because what was counted holds for one source and one compiler.
#   --static  needs no library, for an image with nothing else in it
#   --quick   neither trained nor optimized across crates nor made anew, for tests
set -eu
unset CDPATH
cd "$(dirname "$0")/.."

fail() {
  echo "build: $*" >&2
  exit 1
}

target=
flags=
quick=
for argument; do
  case "$argument" in
    # A static binary that may be loaded anywhere holds an address for each of its tables; so packed, they take a tenth of
    # the pages that are read at its start. GNU ld knows the option since 2.38, and an older one only warns of it; glibc
    # understands it since 2.36.
    --static) flags='"-Ctarget-feature=+crt-static", "-Clink-arg=-Wl,-z,pack-relative-relocs", ' ;;
    --quick) quick=yes ;;
    -*) fail "unknown argument: $argument" ;;
    */* | .* | "") fail "no target: $argument" ;;
    *)
      [ -z "$target" ] || fail "two targets: $target and $argument"
      target=$argument
      ;;
  esac
done
# The target is named even where it is that of the compiler: what runs while building is then built without these flags.
target=${target:-$(rustc --print host-tuple)}
# Cargo would take it in place of the flags.
if [ -n "${RUSTFLAGS:-}${CARGO_ENCODED_RUSTFLAGS:-}" ]; then fail "RUSTFLAGS must not be set"; fi

# Random numbers start from the kernel and the processor. To gather more from how long things take, which the library does
# otherwise, is nine tenths of podgate's start.
export AWS_LC_SYS_NO_JITTER_ENTROPY=1

folder=${CARGO_TARGET_DIR:-target}/released/$target${quick:+-quick}
if [ -z "$quick" ]; then rm -rf "$folder"; fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# Builds podgate with one more flag.
build() {
  flag=$1
  shift
  cargo build --release --locked --bin podgate --target "$target" --target-dir "$folder" \
    --config "target.$target.rustflags=[$flags$flag]" "$@" >&2
}

if [ -n "$quick" ]; then
  build "" --config 'profile.release.lto="off"' --config profile.release.codegen-units=16
else
  command -v curl >/dev/null || fail "there is no curl"
  merge=$(rustc --print target-libdir)/../bin/llvm-profdata
  [ -x "$merge" ] || rustup component add llvm-tools >&2
  build "\"-Cprofile-generate=$folder/counted\""
  # One file for all processes, which add to it.
  LLVM_PROFILE_FILE="$folder/counted/%m.profraw" deploy/train.sh "$folder/$target/release/podgate" >&2
  ls "$folder"/counted/*.profraw >/dev/null 2>&1 || fail "podgate counted nothing"
  "$merge" merge --output="$folder/podgate.profdata" "$folder"/counted/*.profraw >&2
  build "\"-Cprofile-use=$folder/podgate.profdata\""
fi
echo "$folder/$target/release/podgate"
