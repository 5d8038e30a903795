# cause: dependency-missing
# lines: 1
# needs: cargo
mkdir -p src && printf '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml
printf '[dependencies]\nno-such-crate-at-all = "1"\n' >> Cargo.toml
echo 'fn main() {}' > src/main.rs
CARGO_HOME=$PWD/home cargo build --offline
