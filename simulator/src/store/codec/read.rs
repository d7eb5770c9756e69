//! The way back. Every value says what it is, so that serde need not say what it expects, but of enums and options.
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor, value::U64Deserializer,
};

use super::{
    BYTES, FALSE, FLOAT, LIST, MAP, NEGATIVE, NONE, NUMBER, SMALL, SOME, TEXT, TRUE, UNIT, Unfit, VARIANT,
};

/// # Errors
/// They are no such value, or there is more.
pub(super) fn all<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, Unfit> {
    let mut reader = Reader { bytes, depth: 0 };
    let record = R::deserialize(&mut reader)?;
    if reader.bytes.is_empty() { Ok(record) } else { Err(Unfit("something follows it".into())) }
}

/// So deep may values stand in each other: more is damage, and would not fit on the stack.
const DEEPEST: u32 = 128;

struct Reader<'de> {
    bytes: &'de [u8],
    depth: u32,
}

fn cut_short<T>() -> Result<T, Unfit> {
    Err(Unfit("it is cut short".into()))
}

impl<'de> Reader<'de> {
    #[inline]
    fn byte(&mut self) -> Result<u8, Unfit> {
        let Some((&byte, rest)) = self.bytes.split_first() else { return cut_short() };
        self.bytes = rest;
        Ok(byte)
    }

    #[inline]
    fn leb(&mut self) -> Result<u128, Unfit> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            if shift > 126 || (shift == 126 && byte > 0x03) {
                return Err(Unfit("a number has more than 128 bits".into()));
            }
            number |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    #[inline]
    fn length(&mut self) -> Result<usize, Unfit> {
        usize::try_from(self.leb()?).or_else(|_| cut_short())
    }

    /// Of values, each of which takes a byte at least.
    fn count(&mut self) -> Result<usize, Unfit> {
        let count = self.length()?;
        if count > self.bytes.len() { cut_short() } else { Ok(count) }
    }

    fn take(&mut self, length: usize) -> Result<&'de [u8], Unfit> {
        let Some((taken, rest)) = self.bytes.split_at_checked(length) else { return cut_short() };
        self.bytes = rest;
        Ok(taken)
    }

    fn text(&mut self) -> Result<&'de str, Unfit> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(Unfit::custom)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Unfit>) -> Result<T, Unfit> {
        if self.depth == DEEPEST {
            return Err(Unfit("values stand too deep in each other".into()));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// All of them must be wanted.
    fn several<T>(
        &mut self,
        count: usize,
        visit: impl FnOnce(&mut Several<'_, 'de>) -> Result<T, Unfit>,
    ) -> Result<T, Unfit> {
        self.deeper(|reader| {
            let mut several = Several { reader, left: count };
            let result = visit(&mut several)?;
            if several.left > 0 { Err(Unfit("a list is longer than expected".into())) } else { Ok(result) }
        })
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.byte()? {
            tag @ SMALL.. => visitor.visit_u64((tag - SMALL).into()),
            NUMBER => {
                let number = self.leb()?;
                match u64::try_from(number) {
                    Ok(number) => visitor.visit_u64(number),
                    Err(_) => visitor.visit_u128(number),
                }
            }
            NEGATIVE => {
                let number = !self.leb()? as i128;
                match i64::try_from(number) {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => visitor.visit_i128(number),
                }
            }
            TEXT => visitor.visit_borrowed_str(self.text()?),
            LIST => {
                let count = self.count()?;
                self.several(count, |list| visitor.visit_seq(list))
            }
            UNIT => visitor.visit_unit(),
            NONE => visitor.visit_none(),
            SOME => self.deeper(|reader| visitor.visit_some(reader)),
            FALSE => visitor.visit_bool(false),
            TRUE => visitor.visit_bool(true),
            FLOAT => {
                let bytes = self.take(8)?.try_into().or_else(|_| cut_short())?;
                visitor.visit_f64(f64::from_bits(u64::from_le_bytes(bytes)))
            }
            BYTES => {
                let length = self.length()?;
                visitor.visit_borrowed_bytes(self.take(length)?)
            }
            MAP => {
                let count = self.count()?;
                self.several(count, |map| visitor.visit_map(map))
            }
            // As serde keeps an enum that it does not know yet: a map with one key.
            VARIANT => self.deeper(|reader| visitor.visit_map(&mut Variant { reader, is_left: true })),
            tag => Err(Unfit(format!("there is no tag {tag:02x}"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deeper(|reader| visitor.visit_newtype_struct(reader))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.byte()? {
            VARIANT => self.deeper(|reader| visitor.visit_enum(reader)),
            // As enums are written that keep their names elsewhere.
            TEXT => visitor.visit_enum(self.text()?.into_deserializer()),
            tag => Err(Unfit(format!("the tag {tag:02x} begins no variant"))),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Several<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for &mut Several<'_, 'de> {
    type Error = Unfit;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for &mut Several<'_, 'de> {
    type Error = Unfit;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        self.next_element_seed(seed)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unfit> {
        seed.deserialize(&mut *self.reader)
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// Of a variant: its number, then what it holds.
impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Unfit;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Unfit> {
        let number: U64Deserializer<Unfit> = (self.length()? as u64).into_deserializer();
        Ok((seed.deserialize(number)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Unfit;
    fn unit_variant(self) -> Result<(), Unfit> {
        <()>::deserialize(self)
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(self)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_any(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_any(visitor)
    }
}

struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    is_left: bool,
}

impl<'de> MapAccess<'de> for &mut Variant<'_, 'de> {
    type Error = Unfit;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        if !std::mem::take(&mut self.is_left) {
            return Ok(None);
        }
        let number: U64Deserializer<Unfit> = (self.reader.length()? as u64).into_deserializer();
        seed.deserialize(number).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unfit> {
        seed.deserialize(&mut *self.reader)
    }
}
