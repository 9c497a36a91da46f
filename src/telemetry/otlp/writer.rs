//! Writing protobuf from its end to its front.
//!
//! A message is preceded by its length, which is known when its content has been written. Written
//! backwards, the length follows: one pass, nothing computed twice, nothing moved. So whoever
//! writes a message begins with its last field and with the last of what is repeated.
//!
//! The small functions are marked to be inlined, here and in `attributes`: calls to them would be a
//! third of the time.

/// A buffer that is filled from its end, and keeps its memory for the next time.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    buffer: Vec<u8>,
    /// Where what has been written begins.
    start: usize,
}

/// How the value of a field is laid out: the lower three bits of its key.
mod wire_type {
    pub(super) const VARINT: u32 = 0;
    pub(super) const FIXED64: u32 = 1;
    pub(super) const LEN: u32 = 2;
    pub(super) const FIXED32: u32 = 5;
}

impl Writer {
    /// Forgets what has been written.
    pub(crate) fn clear(&mut self) {
        self.start = self.buffer.len();
    }

    /// Forgets what has been written, and gives memory back where there is much more of it than
    /// that needed: one large message is not to hold on to its memory for ever.
    pub(crate) fn clear_and_trim(&mut self) {
        const LITTLE: usize = 1 << 20;
        if self.buffer.len() > LITTLE.max(4 * self.len()) {
            self.buffer = Vec::new();
        }
        self.clear();
    }

    /// How much has been written.
    #[inline]
    fn len(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// What has been written.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Writes bytes as they are: fields that were encoded before.
    #[inline]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.claim(bytes.len()).copy_from_slice(bytes);
    }

    /// Writes a message as a field; `write` writes its fields, the last one first.
    #[inline]
    pub(crate) fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        let after = self.len();
        write(self);
        self.length(field, self.len() - after);
    }

    /// Writes a field of so many bytes, which `fill` fills in.
    pub(crate) fn filled(&mut self, field: u32, length: usize, fill: impl FnOnce(&mut [u8])) {
        fill(self.claim(length));
        self.length(field, length);
    }

    /// Writes bytes, or the bytes of a string, as a field.
    #[inline]
    pub(crate) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.raw(bytes);
        self.length(field, bytes.len());
    }

    /// Writes a number as a field of varying length.
    #[inline]
    pub(crate) fn varint(&mut self, field: u32, number: u64) {
        self.put_varint(number);
        self.key(field, wire_type::VARINT);
    }

    /// Writes eight bytes, those of a number, as a field.
    #[inline]
    pub(crate) fn fixed64(&mut self, field: u32, bytes: [u8; 8]) {
        self.raw(&bytes);
        self.key(field, wire_type::FIXED64);
    }

    /// Writes a number as a field of four bytes.
    pub(crate) fn fixed32(&mut self, field: u32, number: u32) {
        self.raw(&number.to_le_bytes());
        self.key(field, wire_type::FIXED32);
    }

    /// Writes a string as a field, unless it is empty, which is what a field is that is not there.
    pub(crate) fn string(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    /// Writes a number as a field, unless it is zero.
    pub(crate) fn count(&mut self, field: u32, number: u32) {
        if number != 0 {
            self.varint(field, number.into());
        }
    }

    /// Writes the key and the length of a field whose content has just been written.
    #[inline]
    fn length(&mut self, field: u32, length: usize) {
        self.put_varint(length as u64);
        self.key(field, wire_type::LEN);
    }

    #[inline]
    fn key(&mut self, field: u32, wire_type: u32) {
        self.put_varint(u64::from(field << 3 | wire_type));
    }

    #[inline]
    fn put_varint(&mut self, number: u64) {
        // Most numbers are keys and lengths of one byte.
        if number < 0x80 {
            self.claim(1)[0] = number as u8;
        } else {
            self.put_long_varint(number);
        }
    }

    fn put_long_varint(&mut self, number: u64) {
        let length = varint_length(number);
        let mut rest = number;
        let bytes = self.claim(length);
        for byte in &mut *bytes {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        bytes[length - 1] &= 0x7f;
    }

    /// Room for so many bytes in front of what has been written.
    #[inline]
    fn claim(&mut self, length: usize) -> &mut [u8] {
        if self.start < length {
            self.grow(length);
        }
        self.start -= length;
        &mut self.buffer[self.start..][..length]
    }

    #[cold]
    fn grow(&mut self, length: usize) {
        const LEAST: usize = 4096;
        let written = self.len();
        let size = (written + length).max(2 * self.buffer.len()).max(LEAST);
        let mut buffer = vec![0; size];
        self.start = size - written;
        buffer[self.start..].copy_from_slice(&self.buffer[self.buffer.len() - written..]);
        self.buffer = buffer;
    }
}

/// How many groups of seven bits a number has.
fn varint_length(number: u64) -> usize {
    let bits = u64::BITS - (number | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use prost::encoding::encode_varint;

    #[test]
    fn fields_come_out_in_the_order_of_their_numbers() {
        let mut writer = Writer::default();
        writer.fixed32(5, 1);
        writer.message(4, |writer| writer.string(1, "in"));
        writer.fixed64(3, 2_u64.to_le_bytes());
        writer.bytes(2, b"ab");
        writer.varint(1, 300);
        let expected = [
            &[0x08, 0xac, 0x02][..],
            b"\x12\x02ab",
            &[0x19, 2, 0, 0, 0, 0, 0, 0, 0],
            b"\x22\x04\x0a\x02in",
            &[0x2d, 1, 0, 0, 0],
        ];
        assert_eq!(writer.as_bytes(), expected.concat());
    }

    #[test]
    fn what_is_zero_or_empty_is_not_there() {
        let mut writer = Writer::default();
        writer.string(1, "");
        writer.count(2, 0);
        assert_eq!(writer.as_bytes(), b"");
        writer.message(3, |_| {});
        assert_eq!(writer.as_bytes(), b"\x1a\x00", "a message is");
    }

    #[test]
    fn memory_is_kept_while_it_is_needed() {
        const LARGE: usize = 5 << 20;
        let mut writer = Writer::default();
        let mut kept_after = |written: usize| {
            writer.raw(&vec![1; written]);
            writer.clear_and_trim();
            assert_eq!(writer.as_bytes(), b"");
            writer.buffer.len()
        };
        let little = kept_after(1);
        assert!(little > 0);
        assert_eq!(kept_after(2), little);
        assert!(kept_after(LARGE) >= LARGE);
        assert!(kept_after(LARGE / 2) >= LARGE);
        assert_eq!(kept_after(1), 0);
        assert_eq!(kept_after(1), little);
    }

    proptest! {
        /// Whatever is written stays what it was when the buffer grows.
        #[test]
        fn numbers_are_written_as_by_prost(
            numbers in prop::collection::vec(any::<u64>().prop_flat_map(|number| {
                (0..64_u32).prop_map(move |shift| number >> shift)
            }), 0..2000)
        ) {
            let (mut writer, mut expected) = (Writer::default(), Vec::new());
            for number in numbers.iter().rev() {
                writer.put_varint(*number);
            }
            for number in numbers {
                encode_varint(number, &mut expected);
            }
            prop_assert_eq!(writer.as_bytes(), expected);
        }
    }
}
