# cause: test-failure
# lines: 6, 12-15
# needs: cargo
mkdir -p src && printf '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml
echo '#[test] fn total() { assert_eq!(1 + 1, 3); }' > src/lib.rs
CARGO_TARGET_DIR=target cargo test --offline
