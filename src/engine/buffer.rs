//! Memory that begins with a page.
//!
//! Large allocations begin 16 bytes behind a page's beginning (malloc's own words come first). Pages that the kernel
//! copies there lie 16 bytes off, and with that some processors (AMD's with FSRM) copy at a third of their speed.

/// A page, sysconf(3), or a part of a larger one.
const PAGE: usize = 4096;

/// So many bytes from the beginning of a page on.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl Buffer {
    /// `length` zeros.
    pub(super) fn new(length: usize) -> Self {
        let bytes = vec![0; length + PAGE];
        // Nowhere is as good as anywhere to one that finds no beginning.
        let start = bytes.as_ptr().align_offset(PAGE).min(PAGE);
        Self {
            bytes,
            start,
            length,
        }
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        let end = self.start + self.length;
        self.bytes.get(self.start..end).unwrap_or_default()
    }

    /// The bytes, to be written.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        let end = self.start + self.length;
        self.bytes.get_mut(self.start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_with_a_page_and_is_whole() {
        for length in [0, 1, 4096, 256 * 1024] {
            let mut buffer = Buffer::new(length);
            assert_eq!(buffer.bytes().len(), length);
            assert_eq!(buffer.bytes_mut().as_ptr() as usize % PAGE, 0);
        }
    }
}
