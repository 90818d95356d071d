import { createHash } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { STATUS_PAGE, STATUS_PAGE_POLICY } from './page.ts'

const inside = (tag: string) => new RegExp(`<${tag}>([^]*)</${tag}>`).exec(STATUS_PAGE)?.[1] as string

interface Cell {
  textContent: string
  className: string
}

/** As much of a browser as the page uses. */
function browse(answer: { status: number; body: unknown }) {
  const table: { cells: Cell[] }[] = []
  const note = { textContent: '' }
  const form = { hidden: true, addEventListener() {} }
  const tbody = { replaceChildren: (...lines: { cells: Cell[] }[]) => void table.splice(0, table.length, ...lines) }
  const asked: string[] = []
  runInNewContext(inside('script'), {
    document: {
      querySelector: (selector: string) => ({ tbody, '#note': note, form })[selector],
      createElement: (tag: string) => {
        if (tag === 'td') return { textContent: '', className: '' }
        const cells: Cell[] = []
        return { cells, append: (cell: Cell) => cells.push(cell) }
      },
    },
    sessionStorage: { getItem: () => null },
    setTimeout: () => 0,
    fetch: async (path: string) => {
      asked.push(path)
      return { status: answer.status, ok: answer.status === 200, json: async () => answer.body }
    },
  })
  return { table, note, form, asked }
}

test('the policy lets exactly this script and style run', () => {
  for (const tag of ['script', 'style']) {
    const hash = createHash('sha256').update(inside(tag)).digest('base64')
    expect(STATUS_PAGE_POLICY).toContain(`${tag}-src 'sha256-${hash}'`)
  }
  expect(STATUS_PAGE_POLICY).not.toContain('unsafe')
})

test('it shows the processes, text as text', async () => {
  const process = { id: 'worker:0', state: 'BACKOFF', pid: null, port: 8000, since: null, restarts: 3, rss: 52428800 }
  const rest = { cpu: 12.3, inFlight: 0, loopLagMs: 1.26, draining: false, reason: '<b>exited</b>' }
  const { table, note, asked } = browse({ status: 200, body: [{ ...process, ...rest }] })
  await expect.poll(() => table.length).toBe(1)
  expect(table[0]?.cells.map((cell) => cell.textContent)).toEqual([
    'worker:0',
    'BACKOFF',
    '',
    '8000',
    '',
    '3',
    '50 MB',
    '12 %',
    '0',
    '1.3 ms',
    '<b>exited</b>',
  ])
  expect(asked).toEqual(['v1/processes'])
  expect(note.textContent).toMatch(/^As of /)
})

test('it asks for the token when it is refused, and says why there are no figures', async () => {
  const { form, note } = browse({ status: 403, body: { error: { message: 'not allowed' } } })
  await expect.poll(() => note.textContent).toBe('No figures: not allowed')
  expect(form.hidden).toBe(false)
})
