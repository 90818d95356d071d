import type { Config } from '@imgsvc/core/config/schema'
import { ImgsvcError } from '@imgsvc/core/errors'
import { quote } from '@imgsvc/core/url/percent'
import type { UploadStorage } from '../stores/upload-storage.ts'
import type { Blacklist } from './blacklist.ts'
import type { Job } from './job.ts'
import { uploadIdOf } from './upload-id.ts'

/** The last word on a job before anything is read: which source it really means, and whether that may be had. */
export type Admit = (job: Job, signal: AbortSignal) => Promise<Job>

export interface AdmissionParts {
  readonly settings: () => Pick<Config, 'upload' | 'security'>
  readonly uploads: UploadStorage
  readonly blacklist: Blacklist
}

/**
 * An image path that begins with the id of an upload means that upload (`thumbor/handlers/imaging.py`); sources on the
 * blacklist are refused, those that filters name too. Throws SOURCE_REFUSED and STORE_FAILED.
 */
export function createAdmission({ settings, uploads, blacklist }: AdmissionParts): Admit {
  return async (job, signal) => {
    const { upload, security } = settings()
    const id = upload.enabled ? uploadIdOf(job.request.source, upload.maxIdLength) : undefined
    const found = id === undefined ? undefined : await uploads.find(id, { signal })
    const admitted = id === undefined || !found ? job : asUpload(job, id, found)
    if (security.useBlacklist) {
      const sources = [admitted.request.source, ...job.filters.refs.map(quote)]
      if (await blacklist.refuses(sources)) throw new ImgsvcError('SOURCE_REFUSED', 'it is on the blacklist')
    }
    return admitted
  }
}

/** Results belong to one state of the upload: they are not served any more once it is replaced or removed. */
function asUpload(job: Job, id: string, { size, modifiedAt }: { size: number; modifiedAt: number | undefined }): Job {
  return {
    ...job,
    request: { ...job.request, source: id },
    key: `${job.key}\nupload ${size} ${modifiedAt}`,
    uploadedAt: modifiedAt,
  }
}
