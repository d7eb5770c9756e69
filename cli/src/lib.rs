//! What the binary `synod` is made of.
