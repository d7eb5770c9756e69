//! The part of JSON that histories use: numbers are whole, and arrays hold numbers and strings.
use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

use crate::{Output, Value};

/// A JSON value of a field whose type depends on the operation.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Scalar(Value),
    Array(Vec<Value>),
}

impl From<Json> for Output {
    fn from(json: Json) -> Self {
        match json {
            Json::Null => Output::Null,
            Json::Bool(answer) => Output::Bool(answer),
            Json::Scalar(value) => Output::Value(value),
            Json::Array(values) => Output::Array(values),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "null, true, false, a whole number of 64 bits, a string, or an array of such numbers and strings",
        )
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, answer: bool) -> Result<Json, E> {
        Ok(Json::Bool(answer))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Scalar(Value::Number(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        match i64::try_from(number) {
            Ok(number) => Ok(Json::Scalar(Value::Number(number))),
            Err(_) => Err(E::custom(format_args!("the number {number} does not fit 64 bits with a sign"))),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Scalar(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(element) = elements.next_element::<Json>()? {
            match element {
                Json::Scalar(value) => values.push(value),
                _ => return Err(A::Error::custom("an array may hold only numbers and strings")),
            }
        }
        Ok(Json::Array(values))
    }
}
