// Which operation of sharp is nearest to which filter, and how much slower the filter may be.

// A filter that looks at one pixel at a time costs little in absolute terms; sharp's SIMD is hard to reach there.
const POINT = { ratio: 3, ms: 25 }
// Gaussians and matrices keep thumbor's bytes: doubles, fractions dropped after each pass.
const NEIGHBOURS = { ratio: 10 }

// sharp ends its mask where the bell is below this; its sigma for a mask of that many px.
const LEAST_AMPLITUDE = 0.2
const sigmaOf = (radius) => radius / Math.sqrt(-2 * Math.log(LEAST_AMPLITUDE))

/** Ones around a middle that makes their sum one, as edge finders are. */
function matrix(side) {
  const weights = Array(side * side).fill(-1)
  weights[(weights.length - 1) / 2] = side * side
  return weights
}

function convolution(side) {
  return {
    name: `convolution ${side}×${side}`,
    call: `convolution(${matrix(side).join(';')},${side},true)`,
    nearest: 'convolve',
    operation: (image) => image.convolve({ width: side, height: side, kernel: matrix(side) }),
    bar: NEIGHBOURS,
  }
}

function blur(radius) {
  return {
    name: `blur ${radius}`,
    call: `blur(${radius})`,
    nearest: 'blur, same radius',
    operation: (image) => image.blur(sigmaOf(radius)),
    bar: NEIGHBOURS,
  }
}

const CURVE = 'curve([(0,0),(255,255)],[(0,50),(128,170),(255,255)],[(0,0),(255,255)],[(0,60),(255,220)])'

/** Every filter with a kernel; grayscale, rotate and proportion are operations of sharp themselves. */
export function filterCases({ mark, width, height }) {
  const overlay = { input: mark.data, raw: { width: mark.width, height: mark.height, channels: 4 } }
  const corners = Buffer.from(
    `<svg width="${width}" height="${height}"><rect width="${width}" height="${height}" rx="40" ry="40"/></svg>`,
  )
  const linear = (a, b) => (image) => image.linear(a, b)
  const point = (name, call, nearest, operation, more = {}) => ({ name, call, nearest, operation, bar: POINT, ...more })
  return [
    point('brightness', 'brightness(40)', 'linear', linear(1, 102)),
    point('contrast', 'contrast(40)', 'linear', linear(1.96, -123)),
    point('rgb', 'rgb(20,-20,40)', 'linear, each', linear([1, 1, 1], [51, -51, 102])),
    point('colorize', 'colorize(40,80,20,ff8800)', 'linear, each', linear([0.6, 0.2, 0.8], [102, 109, 0])),
    point('curve', CURVE, 'gamma', (image) => image.gamma(1.5)),
    point('saturation', 'saturation(2)', 'modulate', (image) => image.modulate({ saturation: 2 })),
    point('equalize', 'equalize()', 'normalise', (image) => image.normalise()),
    point('noise', 'noise(60)', 'linear', linear(1, 30)),
    point('background_color', 'background_color(teal)', 'flatten', (image) => image.flatten({ background: 'teal' }), {
      alpha: true,
    }),
    point('fill', 'fill(orange)', 'extend', (image) =>
      image.extend({ top: 100, bottom: 100, left: 100, right: 100, background: 'orange' }),
    ),
    {
      name: 'upscale',
      call: 'upscale()',
      nearest: 'resize',
      operation: (image) => image.resize(width + 200, Math.trunc((height * (width + 200)) / width), { fit: 'fill' }),
      bar: { ratio: 3 },
    },
    point('round_corner', 'round_corner(40,255,255,255)', 'composite, dest-in', (image) =>
      image.composite([{ input: corners, blend: 'dest-in' }]),
    ),
    point('watermark', 'watermark(mark.png,-10,-10,50)', 'composite', (image) =>
      image.composite([{ ...overlay, left: width - mark.width - 10, top: height - mark.height - 10 }]),
    ),
    point('watermark, tiled', 'watermark(mark.png,repeat,repeat,50)', 'composite, tiled', (image) =>
      image.composite([{ ...overlay, tile: true }]),
    ),
    point('frame', 'frame(mark.png)', 'composite, tiled', (image) => image.composite([{ ...overlay, tile: true }])),
    point('red_eye', 'red_eye()', 'linear', linear(1, 0)),
    {
      ...point('sharpen', 'sharpen(6,2.5,false)', 'sharpen', (image) => image.sharpen({ sigma: 2.5 })),
      bar: { ratio: 3 },
    },
    {
      ...point('sharpen, luminance', 'sharpen(6,2.5,true)', 'sharpen', (image) => image.sharpen({ sigma: 2.5 })),
      bar: { ratio: 3 },
    },
    ...[3, 5, 11].map(convolution),
    ...[2, 7, 25, 50].map(blur),
    {
      name: 'fill, blur',
      call: 'fill(blur)',
      nearest: 'blur, radius 50',
      alpha: true,
      operation: (image) => image.blur(sigmaOf(50)),
      bar: NEIGHBOURS,
    },
  ]
}
