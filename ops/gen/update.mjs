import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/**
 * Compares documents with their files below a directory and writes those that differ; with `isCheck` it writes nothing.
 * Resolves to the paths of those that differed.
 *
 * @param {readonly import('./documents.mjs').Document[]} documents
 * @param {{ readonly root: URL, readonly isCheck: boolean }} options
 */
export async function update(documents, { root, isCheck }) {
  const stale = []
  for (const { path, render, isSame } of documents) {
    const file = fileURLToPath(new URL(path, root))
    const [content, written] = [Buffer.from(await render()), await readExisting(file)]
    if (written && (written.equals(content) || (await isSame?.(written, content)))) continue
    stale.push(path)
    if (!isCheck) await writeFile(file, content)
  }
  return stale
}

/** @param {string} file */
async function readExisting(file) {
  try {
    return await readFile(file)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    throw error
  }
}
