import { z } from 'zod'
import { kindOf } from './expected.ts'
import { formatSetting } from './format.ts'
import { configSchema } from './schema.ts'
import { nodeOf } from './schema-node.ts'
import { settings, shapes } from './setting.ts'

/** The JSON Schema (draft 2020-12) of imgsvc.yaml, for editors and `imgsvc config schema`. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const wrapped = zodSchema as unknown as z.ZodType
      const meta = settings.get(wrapped)
      const { schema: inner, fallback } = nodeOf(wrapped)
      const shape = shapes.get(inner)
      if (shape && shape.kind !== 'secret' && shape.kind !== 'text') {
        // The notation of people; the objects and numbers that children read are left out.
        delete jsonSchema.anyOf
        jsonSchema.type = shape.kind === 'address' ? ['string', 'integer'] : ['string', 'number']
        if (shape.pattern) jsonSchema.pattern = shape.pattern
        if (fallback !== undefined) jsonSchema.default = formatSetting(fallback, kindOf(inner)) as string
      }
      if (meta) jsonSchema.description = shape ? `${meta.doc} Expected: ${shape.expected}.` : meta.doc
    },
  })
  return { title: 'imgsvc.yaml', ...schema }
}
