//! How long a value is as JSON: counted, for to write the bytes of each message would cost more than its flight.
use serde::ser::{self, Serialize};

/// In bytes. What cannot be written has the length of what could.
pub(super) fn length(value: &impl Serialize) -> u64 {
    let mut counter = Counter { bytes: 0, is_quoted: false };
    // The error says that it cannot be written.
    let _ = value.serialize(&mut counter);
    counter.bytes as u64
}

struct Counter {
    bytes: usize,
    /// The last value that was counted stands in quotes.
    is_quoted: bool,
}

/// Between brackets.
struct Inside<'a> {
    counter: &'a mut Counter,
    is_first: bool,
}

type Error = serde_json::Error;
type Counted = Result<(), Error>;

impl Counter {
    #[inline]
    fn add(&mut self, bytes: usize) -> Counted {
        self.bytes += bytes;
        self.is_quoted = false;
        Ok(())
    }

    /// With both brackets.
    #[inline]
    fn open(&mut self) -> Result<Inside<'_>, Error> {
        self.add(2)?;
        Ok(Inside { counter: self, is_first: true })
    }

    /// `{"Name":…}`
    #[inline]
    fn name(&mut self, name: &str) -> Result<&mut Self, Error> {
        ser::Serializer::serialize_str(&mut *self, name)?;
        self.add("{:}".len())?;
        Ok(self)
    }
}

impl Inside<'_> {
    #[inline]
    fn next(&mut self) -> &mut Counter {
        self.counter.bytes += usize::from(!std::mem::take(&mut self.is_first));
        self.counter
    }

    #[inline]
    fn field(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Counted {
        let counter = self.next();
        ser::Serializer::serialize_str(&mut *counter, name)?;
        counter.add(":".len())?;
        value.serialize(counter)
    }

    fn closed(self) -> Counted {
        // Whatever stands in it, a list is no text.
        self.counter.add(0)
    }
}

/// How many bytes more than itself.
#[inline]
fn escape(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | 0x08 | b'\t' | b'\n' | 0x0c | b'\r' => 1,
        0x00..0x20 => 5,
        _ => 0,
    }
}

/// As plain numbers.
macro_rules! whole {
    ($($serialize:ident: $number:ty, $magnitude:ident;)*) => {$(
        #[inline]
        fn $serialize(self, number: $number) -> Counted {
            let magnitude = number.$magnitude();
            let digits = match magnitude {
                0..10 => 1,
                10..100 => 2,
                _ => magnitude.ilog10() as usize + 1,
            };
            #[allow(unused_comparisons, reason = "half of them have no sign")]
            self.add(digits + usize::from(number < 0))
        }
    )*};
}

/// `u32::unsigned_abs`, so to say.
trait Magnitude: Sized {
    fn magnitude(self) -> Self {
        self
    }
}
impl Magnitude for u8 {}
impl Magnitude for u16 {}
impl Magnitude for u32 {}
impl Magnitude for u64 {}
impl Magnitude for u128 {}

impl<'a> ser::Serializer for &'a mut Counter {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Inside<'a>;
    type SerializeTuple = Inside<'a>;
    type SerializeTupleStruct = Inside<'a>;
    type SerializeTupleVariant = Inside<'a>;
    type SerializeMap = Inside<'a>;
    type SerializeStruct = Inside<'a>;
    type SerializeStructVariant = Inside<'a>;

    whole! {
        serialize_i8: i8, unsigned_abs;
        serialize_i16: i16, unsigned_abs;
        serialize_i32: i32, unsigned_abs;
        serialize_i64: i64, unsigned_abs;
        serialize_i128: i128, unsigned_abs;
        serialize_u8: u8, magnitude;
        serialize_u16: u16, magnitude;
        serialize_u32: u32, magnitude;
        serialize_u64: u64, magnitude;
        serialize_u128: u128, magnitude;
    }

    fn serialize_bool(self, value: bool) -> Counted {
        self.add(if value { "true" } else { "false" }.len())
    }
    fn serialize_f32(self, value: f32) -> Counted {
        self.add(serde_json::to_string(&value)?.len())
    }
    fn serialize_f64(self, value: f64) -> Counted {
        self.add(serde_json::to_string(&value)?.len())
    }
    fn serialize_char(self, value: char) -> Counted {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    #[inline]
    fn serialize_str(self, text: &str) -> Counted {
        let escapes: usize = text.bytes().map(escape).sum();
        self.add(text.len() + escapes + "\"\"".len())?;
        self.is_quoted = true;
        Ok(())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Counted {
        self.collect_seq(bytes)
    }
    fn serialize_none(self) -> Counted {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Counted {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Counted {
        self.add("null".len())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Counted {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Counted {
        self.serialize_str(name)
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Counted {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Counted {
        let counter = self.name(name)?;
        value.serialize(&mut *counter)?;
        counter.add(0)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'a>, Error> {
        self.open()
    }
    fn serialize_tuple(self, _: usize) -> Result<Inside<'a>, Error> {
        self.open()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Error> {
        self.open()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Error> {
        self.name(name)?.open()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Inside<'a>, Error> {
        self.open()
    }
    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Error> {
        self.open()
    }
    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Error> {
        self.name(name)?.open()
    }
}

macro_rules! list {
    ($($of:ident: $add:ident;)*) => {$(
        impl ser::$of for Inside<'_> {
            type Ok = ();
            type Error = Error;
            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Counted {
                value.serialize(self.next())
            }
            fn end(self) -> Counted {
                self.closed()
            }
        }
    )*};
}

list! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

macro_rules! fields {
    ($($of:ident)*) => {$(
        impl ser::$of for Inside<'_> {
            type Ok = ();
            type Error = Error;
            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Counted {
                self.field(name, value)
            }
            fn end(self) -> Counted {
                self.closed()
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Inside<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Counted {
        let counter = self.next();
        key.serialize(&mut *counter)?;
        // A key is always a text, a number as well.
        let quotes = if counter.is_quoted { 0 } else { 2 };
        counter.add(quotes + ":".len())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Counted {
        value.serialize(&mut *self.counter)
    }
    fn end(self) -> Counted {
        self.closed()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;

    use super::length;

    #[derive(Clone, Debug, Serialize)]
    enum Kind {
        Unit,
        One(Option<i64>),
        Two(bool, char),
        Named { text: String, list: Vec<u8> },
    }

    #[derive(Clone, Debug, Serialize)]
    struct Left {
        #[serde(skip_serializing_if = "Option::is_none")]
        out: Option<u8>,
        right: f64,
    }

    fn kind() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::Unit),
            any::<Option<i64>>().prop_map(Kind::One),
            any::<(bool, char)>().prop_map(|(a, b)| Kind::Two(a, b)),
            (any::<String>(), prop::collection::vec(any::<u8>(), 0..4))
                .prop_map(|(text, list)| Kind::Named { text, list }),
        ]
    }

    proptest! {
        #[test]
        fn it_is_as_long_as_what_is_written(
            numbers in any::<((u8, i8, u16, i16, u32), (i32, u64, i64, u128, i128, f32))>(),
            kinds in prop::collection::vec(kind(), 0..4),
            names in prop::collection::btree_map("\\PC*|[\\x00-\\x1f\"\\\\]*", any::<u8>(), 0..4),
            keys in prop::collection::btree_map(any::<i32>(), any::<bool>(), 0..4),
            left in (any::<Option<u8>>(), any::<f64>()).prop_map(|(out, right)| Left { out, right }),
        ) {
            let value = (numbers, kinds, names, keys, left, ((), BTreeMap::<String, u8>::new()));
            prop_assert_eq!(length(&value), serde_json::to_string(&value).expect("JSON").len() as u64);
        }
    }
}
