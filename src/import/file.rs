//! What the three formats have in common: settings with keys, some of them in blocks.

use super::draft::{Draft, Records};
use super::remark::Remarks;
use super::words::{find, is_no};

/// A key and its value. There is no `Debug`, because the value may be a secret.
pub(super) struct Setting {
    /// The line, from 1 on.
    line: usize,
    /// The only records that it counts for; `Both` if it counts for all.
    records: Records,
    /// The key, in the spelling of the client.
    key: String,
    /// The value, or nothing if it is written in a form that is not read.
    value: Option<String>,
}

/// Settings that belong together, as those of a provider.
pub(super) struct Block {
    /// The line on which it begins.
    pub line: usize,
    /// What stands before it, as the provider of inadyn.
    pub title: String,
    /// How many of the settings outside of blocks count for it: the first ones.
    end: usize,
    settings: Vec<Setting>,
}

/// A file that has been read.
#[derive(Default)]
pub(super) struct File {
    pub blocks: Vec<Block>,
    /// Settings outside of blocks.
    common: Vec<Setting>,
}

// A key that is not known may be part of a password that the other client reads in another way. So it is not shown.
const UNKNOWN: &str = "this line is not taken over: it has a setting that is not known here; look for an option \
    for it in ddns-netlink(5)";
// A part of a password would be a wrong password. So nothing of such a value is taken over.
const UNREAD: &str = "this value is not taken over, and no section that needs it is enabled: it is written in a \
    form that is not read here; write it on one line, between ' and ', and import again";

impl File {
    /// Begins a block. Settings outside of it count for it wherever they are.
    pub(super) fn open(&mut self, line: usize, title: String) {
        self.blocks.push(Block { line, title, end: usize::MAX, settings: Vec::new() });
    }

    /// Whether the last block begins at `line`.
    pub(super) fn is_open(&self, line: usize) -> bool {
        self.blocks.last().is_some_and(|block| block.line == line)
    }

    /// Adds a setting of the last block, or of the whole file.
    pub(super) fn push(&mut self, line: usize, in_block: bool, key: &str, value: &str) {
        self.push_for(Records::Both, line, in_block, key, Some(value.to_owned()));
    }

    /// As [`File::push`], for `records` alone. Without a value it is in a form that is not read.
    pub(super) fn push_for(
        &mut self,
        records: Records,
        line: usize,
        in_block: bool,
        key: &str,
        value: Option<String>,
    ) {
        let settings = match self.blocks.last_mut() {
            Some(block) if in_block => &mut block.settings,
            _ => &mut self.common,
        };
        settings.push(Setting { line, records, key: key.to_owned(), value });
    }

    /// Begins a block. Of the settings outside of blocks, those from `from` on become its own, and later ones do
    /// not count for it.
    pub(super) fn open_after(&mut self, line: usize, from: usize) {
        let settings = self.common.split_off(from);
        self.blocks.push(Block { line, title: String::new(), end: from, settings });
    }

    /// How many settings outside of blocks there are.
    pub(super) fn len(&self) -> usize {
        self.common.len()
    }

    /// Takes over into `draft` what counts for `block`, as `key_table` says.
    pub(super) fn apply(
        &self,
        block: &Block,
        key_table: &'static str,
        draft: &mut Draft,
        remarks: &mut Remarks,
    ) {
        // Of several settings of an option the last one counts. So those of the file come first, then those of the
        // block, and in the end the same for the draft's records alone.
        for records in [Records::Both, draft.records] {
            for setting in self.common.iter().take(block.end).chain(&block.settings) {
                if setting.records == records {
                    setting.take_over(key_table, draft, remarks);
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
        let fate = find(key_table, &self.key);
        let Some(value) = &self.value else { return self.leave_out(fate, draft, remarks) };
        let Some(fate) = fate else { return remarks.lose(self.line, UNKNOWN) };
        if let Some(option) = fate.strip_prefix('=') {
            draft.add(option, value);
        } else if !fate.is_empty() && !value.is_empty() && !is_no(value) {
            remarks.lose_key(self.line, &self.key, fate);
        }
    }

    /// Its value is in a form that is not read.
    fn leave_out(&self, fate: Option<&str>, draft: &mut Draft, remarks: &mut Remarks) {
        let fate = fate.unwrap_or("=");
        if let Some(option) = fate.strip_prefix('=') {
            draft.take(option);
            draft.enabled = false;
            remarks.lose(self.line, UNREAD);
        } else if !fate.is_empty() {
            remarks.lose_key(self.line, &self.key, fate);
        }
    }
}
