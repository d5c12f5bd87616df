//! libFuzzer's way to the target `audit_policy`.

#![no_main]

#[path = "../bodies/mod.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    bodies::run("audit_policy", data);
});
