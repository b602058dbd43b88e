//! The owner's programs: what runs them, and what they are told.

pub mod process;
