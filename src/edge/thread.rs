//! Starts threads.

use std::thread::Builder;

/// Bytes of a stack on which little is done.
pub const SMALL_STACK: usize = 128 * 1024;

/// Starts a thread that does `work`; false if there is no memory for it. `work` is boxed, because std's function
/// would be compiled for every type.
pub fn start(name: &str, stack: usize, work: Box<dyn FnOnce() + Send>) -> bool {
    Builder::new().name(name.into()).stack_size(stack).spawn(work).is_ok()
}
