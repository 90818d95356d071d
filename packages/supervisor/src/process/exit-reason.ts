import { EXIT } from '@imgsvc/core/child-process'
import type { Exit } from '@imgsvc/core/process'
import { describePortHolder } from '../port-holder.ts'
import { lastWords } from './last-words.ts'

/** Where to look for the cause of an exit. */
export interface ExitScene {
  readonly stderrFile: string
  /** Size of that file when the child was started. */
  readonly stderrOffset: number
  readonly port: number
}

/** `exited with code 98: port 8002 is taken by pid 123 (nc -l 8002)`, `was killed by SIGKILL`. */
export async function exitReason(exit: Exit, scene: ExitScene): Promise<string> {
  const how = describe(exit)
  const cause =
    exit.code === EXIT.portTaken
      ? await describePortHolder(scene.port)
      : await lastWords(scene.stderrFile, scene.stderrOffset)
  return cause === undefined ? how : `${how}: ${cause}`
}

function describe({ code, signal }: Exit): string {
  if (signal !== null) return `was killed by ${signal}`
  if (code !== null) return `exited with code ${code}`
  return 'ended, nobody knows how: an earlier supervisor had started it'
}
