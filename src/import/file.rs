//! What the three formats have in common: settings with keys, some of them in blocks.

use super::draft::{Draft, Records};
use super::remark::Remarks;
use super::words::{find, is_no};

/// A key and its value. There is no `Debug`, because the value may be a secret.
pub(super) struct Setting {
    /// The line, from 1 on.
    line: usize,
    /// The block that it belongs to; 0 for the whole file.
    block: usize,
    /// The only records that it counts for; `Both` if it counts for all.
    records: Records,
    /// The key, in the spelling of the client.
    key: String,
    value: String,
}

/// Settings that belong together, as those of a provider.
pub(super) struct Block {
    /// The line on which it begins.
    pub line: usize,
    /// What stands before it, as the provider of inadyn.
    pub title: String,
    /// How many settings of the file come before its end. Of those outside of blocks, only these count for it.
    pub end: usize,
}

/// A file that has been read.
#[derive(Default)]
pub(super) struct File {
    pub blocks: Vec<Block>,
    settings: Vec<Setting>,
}

/// A key that is not known may be part of a password that the other client reads in another way. So it is not
/// shown.
const UNKNOWN: &str = "this line is not taken over: it has a setting that is not known here; look for an option \
    for it in ddns-netlink(5)";

impl File {
    /// Begins a block. Settings outside of it count for it wherever they are.
    pub(super) fn open(&mut self, line: usize, title: String) {
        self.blocks.push(Block { line, title, end: usize::MAX });
    }

    /// Whether the last block begins at `line`.
    pub(super) fn is_open(&self, line: usize) -> bool {
        self.blocks.last().is_some_and(|block| block.line == line)
    }

    /// Adds a setting of the last block, or of the whole file.
    pub(super) fn push(&mut self, line: usize, in_block: bool, key: &str, value: &str) {
        self.push_for(Records::Both, line, in_block, key, value);
    }

    /// As [`File::push`], for `records` alone.
    pub(super) fn push_for(
        &mut self,
        records: Records,
        line: usize,
        in_block: bool,
        key: &str,
        value: &str,
    ) {
        let block = if in_block { self.blocks.len() } else { 0 };
        let (key, value) = (key.to_owned(), value.to_owned());
        self.settings.push(Setting { line, block, records, key, value });
    }

    /// Ends the last block: settings of the whole file that follow do not count for it. All settings since `from`
    /// become its own.
    pub(super) fn close(&mut self, from: usize) {
        let block = self.blocks.len();
        for setting in self.settings.iter_mut().skip(from) {
            setting.block = block;
        }
        if let Some(last) = self.blocks.last_mut() {
            last.end = self.settings.len();
        }
    }

    /// How many settings there are.
    pub(super) fn len(&self) -> usize {
        self.settings.len()
    }

    /// Takes over into `draft` what counts for the block `index`, from 1 on, as `key_table` says. What is said for
    /// the block comes after what is said for the file, and what is said for the draft's records comes last: the last
    /// one counts.
    pub(super) fn apply(
        &self,
        index: usize,
        key_table: &'static str,
        draft: &mut Draft,
        remarks: &mut Remarks,
    ) {
        let end = self.blocks.get(index - 1).map_or(0, |block| block.end);
        for records in [Records::Both, draft.records] {
            for block in [0, index] {
                for setting in self.settings.iter().take(end) {
                    if setting.block == block && setting.records == records {
                        setting.take_over(key_table, draft, remarks);
                    }
                }
            }
        }
    }
}

impl Setting {
    /// A line of `key_table` is a key, and after a space what becomes of it:
    ///
    /// * nothing: nothing depends on it here;
    /// * `=` and an option: its value becomes that of the option. One that begins with a dot is not written; the
    ///   client's own code takes it out again;
    /// * half a sentence: it is not taken over, and the owner can do this.
    fn take_over(&self, key_table: &'static str, draft: &mut Draft, remarks: &mut Remarks) {
        let Some(fate) = find(key_table, &self.key) else {
            return remarks.lose(self.line, UNKNOWN);
        };
        if let Some(option) = fate.strip_prefix('=') {
            draft.add(option, &self.value);
        } else if !fate.is_empty() && !self.value.is_empty() && !is_no(&self.value) {
            remarks.lose_key(self.line, &self.key, fate);
        }
    }
}
