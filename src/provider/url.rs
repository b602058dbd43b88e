//! To be written.
use super::{Answer, Exchange, Failure, Job, Step};
use crate::config::Section;
pub(crate) struct UrlUpdate;
impl UrlUpdate {
    pub(crate) fn new(_: &Section, _: &Job) -> Self {
        Self
    }
}
impl Exchange for UrlUpdate {
    fn start(&mut self) -> Step {
        Step::Done(vec![])
    }
    fn step(&mut self, _: Result<Answer, Failure>) -> Step {
        Step::Done(vec![])
    }
}
