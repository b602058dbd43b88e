//! Input and output: sockets, files, clocks, threads and processes.

pub mod announcements;
pub mod clock;
pub mod console;
pub mod control;
pub mod dns;
pub mod files;
pub mod hook;
pub mod http;
pub mod inotify;
pub mod load;
pub mod localtime;
pub mod logger;
pub mod mailbox;
pub mod netlink;
pub mod privilege;
pub mod probe;
pub mod process;
pub mod runtime;
pub mod script;
pub mod signals;
pub mod spawn;
pub mod store;
pub mod stream;
mod system_error;
pub mod thread;
pub mod ubus;
pub mod worker;
