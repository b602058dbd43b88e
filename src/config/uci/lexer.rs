//! Splits a UCI file into words, as openwrt/uci `file.c` does (`next_arg`, `parse_str` and the functions
//! that they call).
//!
//! libuci reads one line at a time. It continues on the next line only inside quotes and after a
//! backslash at the end of a line.

/// An argument, possibly empty.
pub(super) struct Word {
    pub(super) bytes: Vec<u8>,
    /// The line in which it begins.
    pub(super) line: usize,
}

/// A quote is never closed. The field is the line in which the word with the quote begins.
pub(super) struct Unterminated(pub(super) usize);

/// A position in the file.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    /// The next byte.
    pos: usize,
    /// The end of the current line, after its line feed.
    end: usize,
    /// The number of the current line, from 1 on.
    line: usize,
}

impl<'a> Lexer<'a> {
    /// A lexer before the first line of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, pos: 0, end: 0, line: 0 }
    }

    /// The number of the current line, from 1 on.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Goes to the beginning of the next line. False at the end of the file.
    pub(super) fn next_line(&mut self) -> bool {
        let rest = self.bytes.get(self.end..).unwrap_or_default();
        if rest.is_empty() {
            self.pos = self.end;
            return false;
        }
        let length = rest.iter().position(|&byte| byte == b'\n');
        self.pos = self.end;
        self.end += length.map_or(rest.len(), |newline| newline + 1);
        self.line += 1;
        true
    }

    /// Skips the white space of C's `isspace` within the line.
    pub(super) fn skip_space(&mut self) {
        while self.current().is_some_and(is_space) {
            self.pos += 1;
        }
    }

    /// The next command name. It ends at a blank, and quotes mean nothing in it, because libuci uses
    /// `strtok` here. `None` at the end of the line.
    pub(super) fn keyword(&mut self) -> Option<&'a [u8]> {
        let line = self.bytes.get(self.pos..self.end).unwrap_or_default();
        let start = line.iter().position(|&byte| !is_blank(byte))?;
        let word = line.get(start..).unwrap_or_default();
        let length = word.iter().position(|&byte| is_blank(byte)).unwrap_or(word.len());
        self.pos = (self.pos + start + length + 1).min(self.end);
        word.get(..length)
    }

    /// The next argument. It is empty at the end of a command: at `;`, at `#` and at the end of the line.
    pub(super) fn word(&mut self) -> Result<Word, Unterminated> {
        self.skip_space();
        let mut word = Word { bytes: Vec::new(), line: self.line };
        if self.current() == Some(b';') {
            self.pos += 1;
        } else {
            self.pieces(&mut word)?;
        }
        Ok(word)
    }

    /// Reads the pieces of one word: quoted ones, plain ones and escaped bytes that follow each other
    /// without white space.
    fn pieces(&mut self, word: &mut Word) -> Result<(), Unterminated> {
        // libuci copies the word to the beginning of its line and writes a NUL behind it. Without quotes
        // in the word, the NUL overwrites the `;`, and the rest of the line is lost.
        let mut quoted = false;
        loop {
            match self.current() {
                None => return Ok(()),
                Some(b';') if quoted => return Ok(()),
                Some(b'#' | b';') => {
                    self.pos = self.end;
                    return Ok(());
                }
                Some(other) => quoted |= self.piece(other, word)?,
            }
            if self.current().is_some_and(is_space) {
                self.pos += 1;
                return Ok(());
            }
        }
    }

    /// Reads one quoted piece or one other byte. Returns whether it was quoted or escaped.
    fn piece(&mut self, first: u8, word: &mut Word) -> Result<bool, Unterminated> {
        match first {
            b'\'' => self.single(word)?,
            b'"' => self.double(word)?,
            b'\\' => self.backslash(word),
            plain => {
                word.bytes.push(plain);
                self.pos += 1;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `'…'`: every byte stands for itself.
    fn single(&mut self, word: &mut Word) -> Result<(), Unterminated> {
        self.pos += 1;
        loop {
            match self.current() {
                Some(b'\'') => break,
                Some(byte) => word.bytes.push(byte),
                None if self.next_line() => continue,
                None => return Err(Unterminated(word.line)),
            }
            self.pos += 1;
        }
        self.pos += 1;
        Ok(())
    }

    /// `"…"`: a backslash escapes the next byte.
    fn double(&mut self, word: &mut Word) -> Result<(), Unterminated> {
        self.pos += 1;
        loop {
            match self.current() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.backslash(word);
                    continue;
                }
                Some(byte) => word.bytes.push(byte),
                None if self.next_line() => continue,
                None => return Err(Unterminated(word.line)),
            }
            self.pos += 1;
        }
        self.pos += 1;
        Ok(())
    }

    /// A backslash. At the end of a line it joins the next line; elsewhere it escapes the next byte.
    fn backslash(&mut self, word: &mut Word) {
        self.pos += 1;
        match self.bytes.get(self.pos..self.end).unwrap_or_default() {
            [] | [b'\n'] | [b'\r', b'\n'] => {
                self.next_line();
            }
            [literal, ..] => {
                word.bytes.push(*literal);
                self.pos += 1;
            }
        }
    }

    fn current(&self) -> Option<u8> {
        let line = self.bytes.get(..self.end).unwrap_or_default();
        line.get(self.pos).copied()
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}
