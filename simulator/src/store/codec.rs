//! How a record stands in its frame: any value that serde can write, in few bytes, and as fast as they are made.
//!
//! ```text
//! value    = tag, content               numbers are LEB128 (7 bits a byte, the lowest first)
//! 00 unit   01 none   02 some value     03 false   04 true
//! 05 number ≥ 0       06 number < 0: of its bits inverted           both up to 128 bits
//! 07 f64, 8 bytes     08 text: length, UTF-8       09 bytes: length, bytes
//! 0a list: length, values               0b map: length, keys and values in turn
//! 0c variant: its place in the enum, and what it holds as unit, value or list
//! 40..ff the number tag - 40
//! ```
//!
//! It describes itself as JSON does, so it carries what JSON carries (untagged enums, say), but for names: a field
//! is known by its place, a variant by its number. What cannot do without them, because it leaves fields out, is written as
//! JSON, which begins with no zero byte. What needs names and does not show it (untagged variants that differ in the names
//! of their fields alone, `#[serde(tag, content)]`) is not read back as it was written, and the run says so.
use std::fmt;

use serde::de::DeserializeOwned;
use serde::ser::{self, Serialize};

mod read;
#[cfg(test)]
mod tests;

const UNIT: u8 = 0x00;
const NONE: u8 = 0x01;
const SOME: u8 = 0x02;
const FALSE: u8 = 0x03;
const TRUE: u8 = 0x04;
const NUMBER: u8 = 0x05;
const NEGATIVE: u8 = 0x06;
const FLOAT: u8 = 0x07;
const TEXT: u8 = 0x08;
const BYTES: u8 = 0x09;
const LIST: u8 = 0x0a;
const MAP: u8 = 0x0b;
const VARIANT: u8 = 0x0c;
/// Numbers below `0x100 - SMALL` are one byte.
const SMALL: u8 = 0x40;

/// What a frame begins with that holds such a value; JSON never does.
const COMPACT: u8 = 0x00;

/// The record, at the end of `bytes`.
pub(crate) fn write(bytes: &mut Vec<u8>, record: &impl Serialize) {
    let start = bytes.len();
    bytes.push(COMPACT);
    if record.serialize(&mut Writer { bytes }).is_ok() {
        return;
    }
    bytes.truncate(start);
    if serde_json::to_writer(&mut *bytes, record).is_err() {
        // Not a record that can be read back, which the next boot will say.
        bytes.truncate(start);
        bytes.extend(b"unwritable");
    }
}

/// # Errors
/// What is wrong with these bytes, if they are not one record and nothing else.
pub(crate) fn read<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, String> {
    match bytes.split_first() {
        Some((&COMPACT, rest)) => read::all(rest).map_err(|Unfit(why)| why),
        _ => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
    }
}

/// Not to be written so, or not to be read.
#[derive(Debug)]
struct Unfit(String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Unfit {}
impl ser::Error for Unfit {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Unfit(why.to_string())
    }
}
impl serde::de::Error for Unfit {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Unfit(why.to_string())
    }
}

struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
}

impl Writer<'_> {
    #[inline]
    fn leb(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn wide(&mut self, tag: u8, mut number: u128) -> Result<(), Unfit> {
        self.bytes.push(tag);
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
        Ok(())
    }

    #[inline]
    fn begin(&mut self, tag: u8, length: usize) {
        self.bytes.push(tag);
        self.leb(length as u64);
    }

    #[inline]
    fn variant(&mut self, index: u32) {
        self.begin(VARIANT, index as usize);
    }
}

const UNKNOWN_LENGTH: &str = "its length is not known beforehand";

impl ser::Serializer for &mut Writer<'_> {
    type Ok = ();
    type Error = Unfit;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn serialize_bool(self, value: bool) -> Result<(), Unfit> {
        self.bytes.push(if value { TRUE } else { FALSE });
        Ok(())
    }
    fn serialize_i8(self, value: i8) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }
    fn serialize_i16(self, value: i16) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }
    fn serialize_i32(self, value: i32) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }
    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), Unfit> {
        if value >= 0 {
            return self.serialize_u64(value as u64);
        }
        self.bytes.push(NEGATIVE);
        self.leb(!value as u64);
        Ok(())
    }
    fn serialize_i128(self, value: i128) -> Result<(), Unfit> {
        if value >= 0 { self.serialize_u128(value as u128) } else { self.wide(NEGATIVE, !value as u128) }
    }
    fn serialize_u8(self, value: u8) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }
    fn serialize_u16(self, value: u16) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }
    fn serialize_u32(self, value: u32) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }
    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), Unfit> {
        if value < 0x100 - u64::from(SMALL) {
            self.bytes.push(SMALL + value as u8);
        } else {
            self.bytes.push(NUMBER);
            self.leb(value);
        }
        Ok(())
    }
    fn serialize_u128(self, value: u128) -> Result<(), Unfit> {
        self.wide(NUMBER, value)
    }
    fn serialize_f32(self, value: f32) -> Result<(), Unfit> {
        self.serialize_f64(value.into())
    }
    fn serialize_f64(self, value: f64) -> Result<(), Unfit> {
        self.bytes.push(FLOAT);
        self.bytes.extend(value.to_bits().to_le_bytes());
        Ok(())
    }
    fn serialize_char(self, value: char) -> Result<(), Unfit> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), Unfit> {
        self.begin(TEXT, value.len());
        self.bytes.extend_from_slice(value.as_bytes());
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unfit> {
        self.begin(BYTES, value.len());
        self.bytes.extend_from_slice(value);
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Unfit> {
        self.bytes.push(NONE);
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unfit> {
        self.bytes.push(SOME);
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Unfit> {
        self.bytes.push(UNIT);
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unfit> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, index: u32, _: &'static str) -> Result<(), Unfit> {
        self.variant(index);
        self.serialize_unit()
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unfit> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unfit> {
        self.variant(index);
        value.serialize(self)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Unfit> {
        self.begin(LIST, length.ok_or_else(|| Unfit(UNKNOWN_LENGTH.into()))?);
        Ok(self)
    }
    fn serialize_tuple(self, length: usize) -> Result<Self, Unfit> {
        self.begin(LIST, length);
        Ok(self)
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Self, Unfit> {
        self.serialize_tuple(length)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        length: usize,
    ) -> Result<Self, Unfit> {
        self.variant(index);
        self.serialize_tuple(length)
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Self, Unfit> {
        self.begin(MAP, length.ok_or_else(|| Unfit(UNKNOWN_LENGTH.into()))?);
        Ok(self)
    }
    #[inline]
    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Self, Unfit> {
        self.serialize_tuple(length)
    }
    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        length: usize,
    ) -> Result<Self, Unfit> {
        self.variant(index);
        self.serialize_tuple(length)
    }
}

/// A list of values: each is written where it comes, and nothing ends them.
macro_rules! as_list {
    ($($of:ident: $add:ident;)*) => {$(
        impl ser::$of for &mut Writer<'_> {
            type Ok = ();
            type Error = Unfit;
            #[inline]
            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
                value.serialize(&mut **self)
            }
            fn end(self) -> Result<(), Unfit> {
                Ok(())
            }
        }
    )*};
}

as_list! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

/// The same, of fields with names.
macro_rules! as_fields {
    ($($of:ident)*) => {$(
        impl ser::$of for &mut Writer<'_> {
            type Ok = ();
            type Error = Unfit;
            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Unfit> {
                value.serialize(&mut **self)
            }
            fn skip_field(&mut self, name: &'static str) -> Result<(), Unfit> {
                Err(Unfit(format!("the field {name} is left out")))
            }
            fn end(self) -> Result<(), Unfit> {
                Ok(())
            }
        }
    )*};
}

as_fields! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for &mut Writer<'_> {
    type Ok = ();
    type Error = Unfit;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        key.serialize(&mut **self)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        value.serialize(&mut **self)
    }
    fn end(self) -> Result<(), Unfit> {
        Ok(())
    }
}
