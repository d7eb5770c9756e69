//! The scalar fields of any value, by way of its `Serialize`: no message type needs to know of spans.
use std::fmt::{self, Write};

use serde::ser::{self, Serialize};

use super::{Attribute, Value, key};

/// Longer texts are cut: a span is for looking at, and the trace file has it whole.
const LONGEST_TEXT: usize = 200;
/// Longer tuples are arrays: of them, as of lists, only the length is told.
const LONGEST_TUPLE: usize = 4;

pub(super) fn collect(path: &str, value: &impl Serialize) -> Vec<Attribute> {
    let mut fields = Fields { path: path.to_owned(), found: Vec::new() };
    // Only a `Serialize` that fails of itself can fail here; what it told until then is kept.
    let _ = value.serialize(&mut fields);
    fields.found
}

struct Fields {
    /// The name of what comes next: `synod`, or `synod.entry.term`.
    path: String,
    found: Vec<Attribute>,
}

type Told = Result<(), fmt::Error>;

impl Fields {
    fn tell(&mut self, value: impl Into<Value>) -> Told {
        let mut name = match self.path.as_str() {
            "synod" => "synod.value".to_owned(),
            path if key::OURS.contains(&path) => path.replacen("synod", "synod.field", 1),
            path => path.to_owned(),
        };
        // The path of a variant that wraps a scalar has told the variant already.
        while self.found.iter().any(|attribute| attribute.key == name) {
            name.push_str(".value");
        }
        self.found.push(Attribute::new(name, value));
        Ok(())
    }

    fn within<T: Serialize + ?Sized>(&mut self, name: impl fmt::Display, value: &T) -> Told {
        let outside = self.path.len();
        write!(self.path, ".{name}")?;
        let told = value.serialize(&mut *self);
        self.path.truncate(outside);
        told
    }

    /// A message's variant is in the name of its span already; any other is worth an attribute.
    fn variant(&mut self, variant: &'static str) -> Told {
        if self.path == "synod" { Ok(()) } else { self.tell(variant) }
    }
}

/// A tuple whose elements are numbered, or anything whose elements are counted.
struct Elements<'a> {
    fields: &'a mut Fields,
    count: u64,
    are_told: bool,
}

impl Elements<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Told {
        let number = self.count;
        self.count += 1;
        if self.are_told { self.fields.within(number, value) } else { Ok(()) }
    }

    fn finish(self) -> Told {
        if self.are_told { Ok(()) } else { self.fields.within("count", &self.count) }
    }
}

impl<'a> ser::Serializer for &'a mut Fields {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Elements<'a>;
    type SerializeTupleVariant = Elements<'a>;
    type SerializeMap = Elements<'a>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn serialize_bool(self, v: bool) -> Told {
        self.tell(v)
    }
    fn serialize_i8(self, v: i8) -> Told {
        self.serialize_i64(v.into())
    }
    fn serialize_i16(self, v: i16) -> Told {
        self.serialize_i64(v.into())
    }
    fn serialize_i32(self, v: i32) -> Told {
        self.serialize_i64(v.into())
    }
    fn serialize_i64(self, v: i64) -> Told {
        self.tell(Value::Number(v))
    }
    fn serialize_u8(self, v: u8) -> Told {
        self.tell(u64::from(v))
    }
    fn serialize_u16(self, v: u16) -> Told {
        self.tell(u64::from(v))
    }
    fn serialize_u32(self, v: u32) -> Told {
        self.tell(u64::from(v))
    }
    fn serialize_u64(self, v: u64) -> Told {
        self.tell(v)
    }
    fn serialize_i128(self, v: i128) -> Told {
        self.tell(v.to_string())
    }
    fn serialize_u128(self, v: u128) -> Told {
        self.tell(v.to_string())
    }
    fn serialize_f32(self, v: f32) -> Told {
        self.serialize_f64(v.into())
    }
    fn serialize_f64(self, v: f64) -> Told {
        self.tell(Value::Decimal(v))
    }
    fn serialize_char(self, v: char) -> Told {
        self.tell(v.to_string())
    }
    fn serialize_str(self, v: &str) -> Told {
        match v.char_indices().nth(LONGEST_TEXT) {
            Some((cut, _)) => self.tell(format!("{}…", &v[..cut])),
            None => self.tell(v.to_owned()),
        }
    }
    fn serialize_bytes(self, v: &[u8]) -> Told {
        self.within("count", &v.len())
    }
    fn serialize_none(self) -> Told {
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Told {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Told {
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Told {
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Told {
        self.variant(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Told {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Told {
        self.variant(variant)?;
        value.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'a>, fmt::Error> {
        Ok(Elements { fields: self, count: 0, are_told: false })
    }
    fn serialize_tuple(self, len: usize) -> Result<Elements<'a>, fmt::Error> {
        Ok(Elements { fields: self, count: 0, are_told: len <= LONGEST_TUPLE })
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Elements<'a>, fmt::Error> {
        self.serialize_tuple(len)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements<'a>, fmt::Error> {
        self.variant(variant)?;
        self.serialize_tuple(len)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Elements<'a>, fmt::Error> {
        self.serialize_seq(None)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        Ok(self)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, fmt::Error> {
        self.variant(variant)?;
        Ok(self)
    }
}

macro_rules! elements {
    ($($interface:ident $method:ident),*) => {$(
        impl ser::$interface for Elements<'_> {
            type Ok = ();
            type Error = fmt::Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Told {
                self.element(value)
            }
            fn end(self) -> Told {
                self.finish()
            }
        }
    )*};
}
elements!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

impl ser::SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = fmt::Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Told {
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Told {
        self.element(value)
    }
    fn end(self) -> Told {
        self.finish()
    }
}

macro_rules! named_fields {
    ($($interface:ident),*) => {$(
        impl ser::$interface for &mut Fields {
            type Ok = ();
            type Error = fmt::Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Told {
                self.within(name, value)
            }
            fn end(self) -> Told {
                Ok(())
            }
        }
    )*};
}
named_fields!(SerializeStruct, SerializeStructVariant);

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::super::Attribute;

    #[derive(Serialize)]
    enum Message {
        Append { term: u64, leader: Option<u32>, entries: Vec<u8>, packet: u64, command: Command },
        Vote(Vote),
        Nothing,
    }

    #[derive(Serialize)]
    struct Vote {
        granted: bool,
        voter: (u32, String),
        proof: [u8; 32],
    }

    #[derive(Serialize)]
    enum Command {
        Put { key: &'static str },
        Add(u8),
    }

    fn told(attributes: Vec<Attribute>) -> String {
        let each = attributes.iter().map(|attribute| format!("{}={}", attribute.key, attribute.value));
        each.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn scalar_fields_are_told_by_name_and_lists_by_length() {
        let append = Message::Append {
            term: 3,
            leader: None,
            entries: vec![1, 2],
            packet: 9,
            command: Command::Put { key: "k" },
        };
        assert_eq!(
            told(Attribute::fields_of(&append)),
            "synod.term=3 synod.entries.count=2 synod.field.packet=9 synod.command=Put synod.command.key=k"
        );
    }

    #[test]
    fn variants_that_wrap_are_seen_through() {
        let vote = Message::Vote(Vote { granted: true, voter: (2, "ü".repeat(201)), proof: [0; 32] });
        let cut = "ü".repeat(200);
        assert_eq!(
            told(Attribute::fields_of(&vote)),
            format!("synod.granted=true synod.voter.0=2 synod.voter.1={cut}… synod.proof.count=32")
        );
        assert_eq!(told(Attribute::fields_of(&Message::Nothing)), "");
    }

    #[test]
    fn a_named_value_tells_its_variant() {
        assert_eq!(
            told(Attribute::fields_under("request", &Command::Put { key: "k" })),
            "synod.request=Put synod.request.key=k"
        );
        assert_eq!(
            told(Attribute::fields_under("request", &Command::Add(4))),
            "synod.request=Add synod.request.value=4"
        );
        assert_eq!(told(Attribute::fields_of(&u64::MAX)), "synod.value=18446744073709551615");
    }
}
