import { listSettings, type SettingEntry } from '../names.ts'
import { AWS } from './aws.ts'
import { FETCHING } from './fetching.ts'
import { IMAGING } from './imaging.ts'
import { type Convert, same, type ThumborOption } from './option.ts'
import { PROGRAM } from './program.ts'

/** Every option of thumbor.conf once, those of the AWS plug-ins last. */
export const THUMBOR_OPTIONS: readonly ThumborOption[] = [...IMAGING, ...FETCHING, ...PROGRAM, ...AWS]

/** Older names of options that thumbor still reads. */
export const THUMBOR_ALIASES: Readonly<Record<string, string>> = {
  MAX_SIZE: 'UPLOAD_MAX_SIZE',
  ENABLE_ORIGINAL_PHOTO_UPLOAD: 'UPLOAD_ENABLED',
  ORIGINAL_PHOTO_STORAGE: 'UPLOAD_PHOTO_STORAGE',
  ALLOW_ORIGINAL_PHOTO_DELETION: 'UPLOAD_DELETE_ALLOWED',
  ALLOW_ORIGINAL_PHOTO_PUTTING: 'UPLOAD_PUT_ALLOWED',
}

/** A setting an option is about. */
export interface ThumborTarget {
  readonly setting: SettingEntry
  readonly convert: Convert
}

/** `workers.count`, or with the type of the section that has it: `sources[].timeout (http)`. */
export function settingName({ path, type }: Pick<SettingEntry, 'path' | 'type'>): string {
  return type === undefined ? path : `${path} (${type})`
}

/** The settings of an option, in the order of the schema; none where imgsvc has nothing of the kind. */
export function targetsOf({ name, as = same, also = {} }: ThumborOption): readonly ThumborTarget[] {
  return listSettings().flatMap((setting) => {
    if (setting.meta.thumbor === name) return [{ setting, convert: as }]
    const key = settingName(setting)
    const convert = Object.hasOwn(also, key) ? also[key] : undefined
    return convert ? [{ setting, convert }] : []
  })
}
