#!/bin/sh
# Builds podgate as it is released: once so that it counts what it does, then trains that one (train.sh), and builds it again
# by what was counted, which makes a call a tenth to a fifth cheaper. Takes twice as long as `cargo build --release`.
#   deploy/build.sh [TARGET]
# TARGET is that of the compiler unless given. Prints where the binary is. All of it is made anew, because what was counted
# holds for one source and one compiler.
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "build: $*" >&2
  exit 1
}

# The target is named even where it is that of the compiler: what runs while building is then built without these flags.
target=${1:-$(rustc --print host-tuple)}
folder=${CARGO_TARGET_DIR:-target}/trained/$target
# Cargo would take it in place of the flags below.
if [ -n "${RUSTFLAGS:-}${CARGO_ENCODED_RUSTFLAGS:-}" ]; then fail "RUSTFLAGS must not be set"; fi
command -v curl >/dev/null || fail "there is no curl"
merge=$(rustc --print target-libdir)/../bin/llvm-profdata
if [ ! -x "$merge" ]; then
  rustup component add llvm-tools >&2
fi
rm -rf "$folder"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

build() {
  cargo build --release --locked --bin podgate --target "$target" --target-dir "$folder" \
    --config "target.$target.rustflags=[\"$1\"]" >&2
}

build "-Cprofile-generate=$folder/counted"
# One file for all processes, which add to it.
LLVM_PROFILE_FILE="$folder/counted/%m.profraw" deploy/train.sh "$folder/$target/release/podgate" >&2
ls "$folder"/counted/*.profraw >/dev/null 2>&1 || fail "podgate counted nothing"
"$merge" merge --output="$folder/podgate.profdata" "$folder"/counted/*.profraw >&2
build "-Cprofile-use=$folder/podgate.profdata"
echo "$folder/$target/release/podgate"
