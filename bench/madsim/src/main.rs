//! madsim at the work of `synod-bench-simulator`: `synod-bench-madsim SEED` prints, per row, its name, its
//! unit and one figure, with tabs between them. It must be built with `RUSTFLAGS="--cfg madsim"`.
#[cfg(madsim)]
mod bench;

#[cfg(madsim)]
fn main() -> std::io::Result<()> {
    bench::main()
}

#[cfg(not(madsim))]
fn main() -> std::process::ExitCode {
    eprintln!(
        "built without RUSTFLAGS=\"--cfg madsim\", madsim simulates nothing; scripts/bench-simulator sets it"
    );
    std::process::ExitCode::from(10)
}
