mod answers;
mod encoding;
mod random;
