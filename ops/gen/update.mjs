import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/**
 * Compares documents with their files below a directory and writes those that differ; with `isCheck` it writes nothing.
 * Resolves to the paths of those that differed.
 *
 * @param {typeof import('./documents.mjs').documents} documents
 * @param {{ readonly root: URL, readonly isCheck: boolean }} options
 */
export async function update(documents, { root, isCheck }) {
  const stale = []
  for (const { path, render } of documents) {
    const file = fileURLToPath(new URL(path, root))
    const text = await render()
    if (text === (await readExisting(file))) continue
    stale.push(path)
    if (!isCheck) await writeFile(file, text)
  }
  return stale
}

/** @param {string} file */
async function readExisting(file) {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    throw error
  }
}
