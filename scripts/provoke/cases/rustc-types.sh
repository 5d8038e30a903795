# cause: compile-error
# lines: 1-5
# needs: rustc
echo 'fn main() { let port: u16 = "80"; }' > main.rs
rustc main.rs
