//! Attributes as OTLP: `KeyValue` and `AnyValue`.

use super::fields::{any_value, array_value, key_value};
use super::writer::Writer;
use opentelemetry::{Array, KeyValue, Value};

/// Writes attributes as the elements of a field, in their order.
pub(crate) fn write_attributes<'a, A>(writer: &mut Writer, field: u32, attributes: A)
where
    A: IntoIterator<Item = &'a KeyValue, IntoIter: DoubleEndedIterator>,
{
    for KeyValue { key, value, .. } in attributes.into_iter().rev() {
        write_attribute(writer, field, key.as_str(), |writer| {
            write_value(writer, value);
        });
    }
}

/// Writes an attribute as an element of a field; `value` writes its value, by one of the functions
/// that follow.
#[inline]
pub(crate) fn write_attribute(
    writer: &mut Writer,
    field: u32,
    key: &str,
    value: impl FnOnce(&mut Writer),
) {
    writer.message(field, |writer| {
        writer.message(key_value::VALUE, value);
        writer.string(key_value::KEY, key);
    });
}

/// Writes a value of any kind.
#[inline]
pub(crate) fn write_value(writer: &mut Writer, value: &Value) {
    match value {
        Value::String(text) => write_str(writer, text.as_str()),
        Value::I64(number) => write_i64(writer, *number),
        Value::Bool(yes) => write_bool(writer, *yes),
        Value::F64(number) => write_f64(writer, *number),
        Value::Array(values) => write_array(writer, values),
        // What later versions of the API bring arrives as text.
        other => write_str(writer, &other.as_str()),
    }
}

#[inline]
pub(crate) fn write_str(writer: &mut Writer, text: &str) {
    writer.bytes(any_value::STRING, text.as_bytes());
}

#[inline]
pub(crate) fn write_i64(writer: &mut Writer, number: i64) {
    writer.varint(any_value::INT, number.cast_unsigned());
}

#[inline]
pub(crate) fn write_bool(writer: &mut Writer, yes: bool) {
    writer.varint(any_value::BOOL, yes.into());
}

#[inline]
pub(crate) fn write_f64(writer: &mut Writer, number: f64) {
    writer.fixed64(any_value::DOUBLE, number.to_le_bytes());
}

fn write_array(writer: &mut Writer, values: &Array) {
    writer.message(any_value::ARRAY, |writer| match values {
        Array::String(values) => {
            write_elements(writer, values, |writer, text| {
                write_str(writer, text.as_str());
            });
        }
        Array::I64(values) => write_elements(writer, values, |writer, it| write_i64(writer, *it)),
        Array::Bool(values) => write_elements(writer, values, |writer, it| write_bool(writer, *it)),
        Array::F64(values) => write_elements(writer, values, |writer, it| write_f64(writer, *it)),
        other => write_elements(writer, &[other], |writer, it| {
            write_str(writer, &it.to_string());
        }),
    });
}

fn write_elements<T>(writer: &mut Writer, values: &[T], write: impl Fn(&mut Writer, &T)) {
    for value in values.iter().rev() {
        writer.message(array_value::VALUES, |writer| write(writer, value));
    }
}
