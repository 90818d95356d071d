// The root element is looked for in this many first bytes.
const WINDOW = 8192

// librsvg reckons 72 px to the inch unless told otherwise, and libvips scales the drawing by density / 72 on top.
const CSS_DENSITY = 72

/**
 * The density to give libvips so that a drawing sized in px comes out at that size, and one sized in inches or
 * another physical unit at `dpi` px to the inch (CairoSVG, which thumbor uses). libvips applies the density twice
 * to physical units, hence the root.
 */
export function svgDensity(bytes: Buffer, dpi: number): number {
  const root = /<(?:\w{1,64}:)?svg\s[^>]{0,4096}>?/i.exec(bytes.toString('latin1', 0, WINDOW).replaceAll('\0', ''))
  const physical = root
    ? /\s(?:width|height)\s{0,16}=\s{0,16}["'][\d.+eE-]{1,32}(?:in|cm|mm|pt|pc|q)\b/i.test(root[0])
    : false
  return physical ? Math.sqrt(CSS_DENSITY * dpi) : CSS_DENSITY
}
