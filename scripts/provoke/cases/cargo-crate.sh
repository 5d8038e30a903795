# cause: dependency-missing
# lines: 2-6
# needs: cargo
mkdir -p src && printf '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml
echo 'use serde_that_is_not_there::Serialize; fn main() {}' > src/main.rs
CARGO_TARGET_DIR=target cargo build --offline
