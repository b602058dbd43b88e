//! The core, tested from outside: events in, the list of actions out. No I/O, no waiting.

mod accounts;
mod book;
mod both;
mod detect;
mod doubt;
mod gateway;
mod hooks;
mod host;
mod late;
mod lines;
mod netifd;
mod outcomes;
mod pacing;
mod properties;
mod refusal;
mod registered;
mod reload;
mod removal;
mod restart;
mod scenario;
mod seen;
mod select;
mod share;
mod standby;
mod status;
mod stop;
