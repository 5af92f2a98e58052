# Shared by the scripts here; to be sourced. What a fresh Debian or Ubuntu machine lacks is installed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# One target folder outside the clone: a clean clone on a kept machine builds only what has changed.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/seawall/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

say() { printf '\n== %s\n' "$*"; }

# Installs Debian packages where we may. Says why not, and fails, where we may not.
install() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    if [ -z "${apt_updated:-}" ]; then apt-get update -qq </dev/null; apt_updated=1; fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
  else
    echo "missing, and not root on a Debian machine to install them: $*" >&2
    return 1
  fi
}

# The oldest toolchain that builds this workspace stands in Cargo.toml.
wanted_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }

has_rust() {
  command -v cargo >/dev/null && command -v rustc >/dev/null || return 1
  local have want
  have=$(rustc --version | cut -d' ' -f2)
  want=$(wanted_rust)
  [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)" = "$want" ]
}

# rustup first, with the version that the lints are kept clean with; then whatever the distribution has that is new enough. Debian keeps a newer compiler for
# browsers beside its own, in packages that end in -web.
install_rust() {
  local url
  command -v curl >/dev/null || install curl ca-certificates || true
  for url in https://sh.rustup.rs https://static.rust-lang.org/rustup/rustup-init.sh; do
    if curl -fsS --proto '=https' --tlsv1.2 --max-time 60 "$url" -o /tmp/rustup-init.sh 2>/dev/null &&
      sh /tmp/rustup-init.sh -y -q --profile minimal --default-toolchain "$(wanted_rust)" -c rustfmt -c clippy </dev/null; then
      . "$HOME/.cargo/env"
      has_rust && return
    fi
  done
  echo "rustup can't be had; trying the distribution's own toolchain" >&2
  install cargo rustc && has_rust && return
  install cargo-web rustc-web && has_rust
}

need_build_tools() {
  command -v cc >/dev/null || install gcc libc6-dev || { echo "a C compiler is needed" >&2; exit 2; }
  if [ -f "$HOME/.cargo/env" ]; then . "$HOME/.cargo/env"; fi
  has_rust && return
  say "installing the Rust toolchain $(wanted_rust) or newer"
  install_rust || { echo "Rust $(wanted_rust) or newer is needed: https://rustup.rs" >&2; exit 2; }
}
