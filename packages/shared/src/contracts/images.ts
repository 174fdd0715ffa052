import { z } from 'zod'

export const hashAlgorithms = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const

const nonEmpty = (name: string) =>
  z.string(`Image '${name}' must be a non-empty string.`).min(1, `Image '${name}' must be a non-empty string.`)
const absentWhenNull = (text: z.ZodString) => z.preprocess((value) => value ?? undefined, text.optional())
const required = (name: string, wrong: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? `Image is missing '${name}' field.` : wrong

const isUrl = (text: string): boolean => /^https?:\/\//i.test(text)

/**
 * What an agent is told about an image (contract 4.2), with IPA's validation and its texts (4.3).
 * md5 alone passes here; whether it is allowed is the lookup's `agent_md5_checksum_enable`.
 */
export const imageInfo = z
  .looseObject({
    // The last segment of the URL's path, which is empty when the URL ends in a slash.
    id: z.string({ error: required('id', "Image 'id' must be a string.") }),
    urls: z
      .array(z.string(), { error: required('urls', "Image 'urls' must be a list with at least one element.") })
      .min(1, "Image 'urls' must be a list with at least one element."),
    node_uuid: z.string().nullish(),
    disk_format: z.string().nullish(),
    container_format: z.string().nullish(),
    stream_raw_images: z.boolean().nullish(),
    checksum: absentWhenNull(nonEmpty('checksum')),
    os_hash_algo: absentWhenNull(nonEmpty('os_hash_algo')),
    os_hash_value: absentWhenNull(nonEmpty('os_hash_value')),
    image_request_authorization: z.string().nullish(),
    image_server_auth_strategy: z.string().nullish(),
    image_server_user: z.string().nullish(),
    image_server_password: z.string().nullish(),
    proxies: z.record(z.string(), z.string()).nullish(),
    no_proxy: z.string().nullish(),
    configdrive: z.string().nullish(),
    image_type: z.string().nullish(),
    deploy_boot_mode: z.string().nullish(),
    /** Between a Ferrite conductor and a Ferrite agent only: the image's chunk map, and digests as `sha256:HEX`. */
    ferrite_chunk_map: z.string().nullish(),
    ferrite_chunk_map_checksum: z.string().nullish(),
    ferrite_content_checksum: z.string().nullish(),
  })
  .superRefine((image, context) => {
    if ((image.os_hash_algo === undefined) !== (image.os_hash_value === undefined)) {
      const missing = image.os_hash_algo === undefined ? 'os_hash_algo' : 'os_hash_value'
      context.addIssue({ code: 'custom', message: `Image '${missing}' must be a non-empty string.` })
    }
    const usable =
      image.os_hash_value !== undefined ||
      (image.checksum !== undefined && (isUrl(image.checksum) || image.checksum.length >= 32))
    if (!usable) {
      context.addIssue({
        code: 'custom',
        message:
          "Image checksum is not available, either the 'checksum' field or the 'os_hash_algo' and 'os_hash_value' fields pair must be set for image verification.",
      })
    }
  })
export type ImageInfo = z.infer<typeof imageInfo>

/** One value or list of a root device hint: `{"size": ">= 100", "model": "s== x", "rotational": false}` (contract 4.10). */
export const rootDeviceHints = z.record(
  z
    .enum([
      'size',
      'model',
      'vendor',
      'serial',
      'wwn',
      'wwn_with_extension',
      'wwn_vendor_extension',
      'name',
      'hctl',
      'by_path',
      'tran',
      'rotational',
      'volume_name',
    ])
    .or(z.string()),
  z.union([z.string(), z.number(), z.boolean()]),
)
export type RootDeviceHints = z.infer<typeof rootDeviceHints>
