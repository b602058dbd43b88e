//! Words of a UCI file. Follows openwrt/uci `file.c` (`next_arg`, `parse_str` and below).
//!
//! libuci works on one physical line at a time and fetches the next one only inside quotes and
//! after a backslash at the end of a line; `end` is that boundary here.

/// An argument, possibly empty, and where it begins.
pub(super) struct Word {
    pub(super) bytes: Vec<u8>,
    pub(super) line: usize,
}

/// A quote is never closed. The line is where the word with it begins: of several quotes in one word,
/// the first is the one to look at.
pub(super) struct Unterminated(pub(super) usize);

/// A position in the file.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    pos: usize,
    end: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    /// Before the first line of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, pos: 0, end: 0, line: 0 }
    }

    /// 1-based number of the current physical line.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Drops the rest of the current line and goes to the next one.
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

    /// White space in the sense of C's `isspace`, up to the end of the line.
    pub(super) fn skip_space(&mut self) {
        while self.current().is_some_and(is_space) {
            self.pos += 1;
        }
    }

    /// The next word as a command name: separated by blanks only, no quoting (libuci uses
    /// `strtok`). `None` at the end of the line.
    pub(super) fn keyword(&mut self) -> Option<&'a [u8]> {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let line = self.bytes.get(self.pos..self.end).unwrap_or_default();
        let start = line.iter().position(|byte| !blank(byte))?;
        let word = line.get(start..).unwrap_or_default();
        let length = word.iter().position(blank).unwrap_or(word.len());
        self.pos = (self.pos + start + length + 1).min(self.end);
        word.get(..length)
    }

    /// The next argument. Empty at the end of a command: `;`, `#`, end of line.
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

    /// The glued pieces of one word.
    fn pieces(&mut self, word: &mut Word) -> Result<(), Unterminated> {
        // libuci ends the word by writing a NUL where it stopped copying. Without any quoting that
        // is the `;` itself, and the rest of the line is lost with it.
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

    /// One quoted piece or one other byte; whether anything but plain text was met.
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

    /// `'…'`: nothing is special.
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

    /// `"…"`: a backslash makes the next byte literal.
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

    /// A backslash: joins lines at the end of a line, else keeps the next byte as it is.
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
