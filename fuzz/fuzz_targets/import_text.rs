//! Configurations of other clients.
#![no_main]

#[allow(dead_code, reason = "has the bodies of the other targets, too")]
#[path = "../../tests/fuzz_bodies/mod.rs"]
mod fuzz_bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_bodies::import::import_text(data));
