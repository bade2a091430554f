/** A line plot as SVG text: enough to see a shape, with nothing to install. */

export type Series = { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }

export type Plot = {
  readonly title: string
  readonly x: string
  readonly y: string
  /** a logarithmic x axis, for numbers of nodes */
  readonly logX?: boolean
  readonly series: readonly Series[]
}

const WIDTH = 760
const HEIGHT = 440
const MARGIN = { left: 70, right: 190, top: 44, bottom: 54 }
const COLOURS = ['#1b6ca8', '#c8553d', '#2f855a', '#7b4ea3', '#b7791f', '#4a5568', '#d53f8c', '#319795']
const TICKS = 5

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** 1, 2 or 5 times a power of ten: what people can count in. */
const stepFor = (span: number): number => {
  const rough = Math.max(span, Number.MIN_VALUE) / TICKS
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
}

const label = (value: number): string => `${Number(value.toPrecision(4))}`

export const drawPlot = ({ title, x, y, logX = false, series }: Plot): string => {
  const points = series.flatMap((one) => one.points)
  const scaleX = (value: number): number => (logX ? Math.log2(Math.max(1, value)) : value)
  const [fromX, toX] = [Math.min(...points.map(([px]) => scaleX(px))), Math.max(...points.map(([px]) => scaleX(px)))]
  const toY = Math.max(...points.map(([, py]) => py), Number.EPSILON)
  const stepY = stepFor(toY)
  const topY = Math.ceil(toY / stepY) * stepY
  const placeX = (value: number): number =>
    MARGIN.left +
    ((scaleX(value) - fromX) / Math.max(toX - fromX, Number.EPSILON)) * (WIDTH - MARGIN.left - MARGIN.right)
  const placeY = (value: number): number =>
    HEIGHT - MARGIN.bottom - (value / topY) * (HEIGHT - MARGIN.top - MARGIN.bottom)

  const stepX = stepFor(toX - fromX)
  const ticksX = logX
    ? [...new Set(points.map(([px]) => px))]
    : Array.from({ length: Math.floor((toX - fromX) / stepX) + 1 }, (_, i) => (Math.ceil(fromX / stepX) + i) * stepX)
  const ticksY = Array.from({ length: Math.round(topY / stepY) + 1 }, (_, i) => i * stepY)

  const text = (px: number, py: number, words: string, more = ''): string =>
    `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" ${more}>${escaped(words)}</text>`
  const [bottom, right] = [HEIGHT - MARGIN.bottom, WIDTH - MARGIN.right]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(MARGIN.left, 24, title, 'font-size="15" font-weight="bold"'),
    ...ticksY.map(
      (tick) =>
        `<line x1="${MARGIN.left}" x2="${right}" y1="${placeY(tick)}" y2="${placeY(tick)}" stroke="#ddd"/>` +
        text(MARGIN.left - 8, placeY(tick) + 4, label(tick), 'text-anchor="end"'),
    ),
    ...ticksX
      .filter((tick) => scaleX(tick) <= toX)
      .map((tick) => text(placeX(tick), bottom + 18, label(tick), 'text-anchor="middle"')),
    `<line x1="${MARGIN.left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="#444"/>`,
    text((MARGIN.left + right) / 2, HEIGHT - 14, x, 'text-anchor="middle"'),
    text(
      16,
      (MARGIN.top + bottom) / 2,
      y,
      `text-anchor="middle" transform="rotate(-90 16 ${(MARGIN.top + bottom) / 2})"`,
    ),
    ...series.map(({ name, points: line }, index) => {
      const colour = COLOURS[index % COLOURS.length] ?? '#000'
      const path = line.map(([px, py]) => `${placeX(px).toFixed(1)},${placeY(py).toFixed(1)}`).join(' ')
      return (
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
        text(right + 12, MARGIN.top + 16 + 18 * index, name, `fill="${colour}"`)
      )
    }),
    '</svg>',
    '',
  ].join('\n')
}

/** How large a share of the values is at most x, as a curve. */
export const distribution = (name: string, values: readonly number[]): Series => {
  const sorted = [...values].sort((a, b) => a - b)
  return { name, points: sorted.map((value, index) => [value, ((index + 1) / sorted.length) * 100] as const) }
}
