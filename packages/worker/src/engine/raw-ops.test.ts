import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { make, pixelAt, pixels } from '../../test/images/pictures.ts'

const flat = (width: number, height: number, background: sharp.Color) =>
  sharp({ create: { width, height, channels: 4, background } })
    .png()
    .toBuffer()

describe('fill', () => {
  const asked = { width: 40, height: 40, fitIn: true }
  const clear = { r: 10, g: 200, b: 30, alpha: 0 }

  test('centres the picture on the colour', async () => {
    const source = await flat(40, 21, '#204060')
    const picture = await pixels((await make({ source, asked, filters: 'fill(ff8000)' })).data)
    // (40 - 21) / 2 rounds down to 9.
    expect(pixelAt(picture, 0, 8)).toEqual([255, 128, 0, 255])
    expect(pixelAt(picture, 0, 9)).toEqual([32, 64, 96, 255])
    expect(pixelAt(picture, 39, 29)).toEqual([32, 64, 96, 255])
    expect(pixelAt(picture, 39, 30)).toEqual([255, 128, 0, 255])
  })

  test('keeps transparent parts as they are unless told to blend', async () => {
    const source = await flat(40, 20, clear)
    const at = async (filters: string) => pixelAt(await pixels((await make({ source, asked, filters })).data), 20, 20)
    expect(await at('fill(red)')).toEqual([10, 200, 30, 0])
    expect(await at('fill(red,true)')).toEqual([255, 0, 0, 255])
  })

  test('takes the mean colour, nothing, or the picture itself blurred', async () => {
    const source = await flat(40, 20, '#204060')
    const corner = async (filters: string) => pixelAt(await pixels((await make({ source, asked, filters })).data), 0, 0)
    expect(await corner('fill(auto)')).toEqual([32, 64, 96, 255])
    expect(await corner('fill(transparent)')).toEqual([0, 0, 0, 0])
    const blurred = await corner('fill(blur)')
    // A byte may lose one to each of two passes that drop fractions.
    for (const [i, value] of [32, 64, 96, 255].entries())
      expect(Math.abs((blurred[i] as number) - value)).toBeLessThan(3)
  })
})

test('background_color shows through transparent parts only', async () => {
  const half = { r: 0, g: 0, b: 255, alpha: 128 / 255 }
  const source = await flat(4, 4, half)
  const picture = await pixels((await make({ source, filters: 'background_color(f00)' })).data)
  expect(pixelAt(picture, 1, 1)).toEqual([126, 0, 128, 255])
})

describe('watermark', () => {
  const source = flat(40, 30, '#000000')
  const refs = async () => ({ 'mark.png': await flat(10, 6, '#ffffff') })
  const white = async (filters: string) => {
    const picture = await pixels((await make({ source: await source, filters, refs: await refs() })).data)
    return (x: number, y: number) => pixelAt(picture, x, y)[0]
  }

  test('lies to the pixel where it should', async () => {
    const at = await white('watermark(mark.png,-5,4,0)')
    // 40 - 10 - 5 = 25.
    expect([at(24, 4), at(25, 4), at(34, 9), at(35, 9), at(25, 3), at(25, 10)]).toEqual([0, 255, 255, 0, 0, 0])
  })

  test('may stick out on every side', async () => {
    const at = await white('watermark(mark.png,35,-28,0)')
    // 30 - 6 - 28 = -4: two rows are left.
    expect([at(34, 0), at(35, 0), at(39, 1), at(39, 2)]).toEqual([0, 255, 255, 0])
    expect((await white('watermark(mark.png,100,100,0)'))(39, 29)).toBe(0)
  })

  test('is scaled, faded and repeated', async () => {
    const scaled = await white('watermark(mark.png,0,0,0,50)')
    expect([scaled(19, 11), scaled(20, 11), scaled(19, 12)]).toEqual([255, 0, 0])
    // 255 - trunc(255 × 40 / 100) = 153.
    expect((await white('watermark(mark.png,0,0,40)'))(5, 3)).toBe(153)
    const tiled = await white('watermark(mark.png,repeat,repeat,0)')
    expect([tiled(0, 0), tiled(39, 29)]).toEqual([255, 255])
  })
})
