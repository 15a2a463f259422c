// Serves the folder of a repository by the S3 protocol, to be read only, and counts what is asked of it.

import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../../support/cleanup.ts'
import { freePort } from '../../support/processes.ts'

export type Cost = {
  /** One per 1,000 names, as every S3 storage answers. */
  readonly lists: number
  /** Of an object or of a part of it; the question where a bucket is counts, too. */
  readonly gets: number
  /** Of the objects, as they are stored. */
  readonly bytes: number
}

export type CountingStorage = {
  /** As Kopia's `--endpoint` takes it. */
  readonly endpoint: string
  /** What was asked since the last call. */
  readonly takeCost: () => Cost
}

const noCost: Cost = { lists: 0, gets: 0, bytes: 0 }
const namesPerPage = 1000
const suffix = '.f'

/** Serves the folder until the bench ends. Checks no signature. */
export async function serveRepository(context: Cleanable, folder: string): Promise<CountingStorage> {
  let cost = noCost
  const add = ({ lists = 0, gets = 0, bytes = 0 }: Partial<Cost>) => {
    cost = { lists: cost.lists + lists, gets: cost.gets + gets, bytes: cost.bytes + bytes }
  }
  const server = createServer((request, response) => {
    answer(folder, request, response, add).catch((error: Error) => response.destroy(error))
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  cleanUpAfter(context, () => {
    server.close()
    server.closeAllConnections()
  })
  return {
    endpoint: `127.0.0.1:${port}`,
    takeCost: () => {
      const taken = cost
      cost = noCost
      return taken
    },
  }
}

async function answer(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
  add: (cost: Partial<Cost>) => void,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
  const key = decodeURIComponent(pathname.split('/').slice(2).join('/'))
  if (key === '' && searchParams.has('list-type')) {
    add({ lists: 1 })
    return sendXml(response, 200, await listing(folder, searchParams))
  }
  if (key === '') {
    add({ gets: 1 })
    return sendXml(response, 200, '<LocationConstraint/>')
  }
  add({ gets: 1 })
  const path = (await filesOf(folder)).get(key)
  if (path === undefined) return sendXml(response, 404, '<Error><Code>NoSuchKey</Code></Error>')
  const { size, mtime } = await stat(path)
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  const [start, end] = [Number(first), last === '' ? size - 1 : Math.min(Number(last), size - 1)]
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    'content-length': end - start + 1,
    'content-range': `bytes ${start}-${end}/${size}`,
    'last-modified': mtime.toUTCString(),
    etag: '"unchanged"',
  })
  if (request.method === 'HEAD') return void response.end()
  add({ bytes: end - start + 1 })
  createReadStream(path, { start, end }).pipe(response)
}

/** By name: a repository in a file system spreads the name over folders. */
async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true })
  return new Map(
    entries
      .filter((entry) => entry.endsWith(suffix))
      .map((entry) => [entry.replaceAll('/', '').slice(0, -suffix.length), join(folder, entry)]),
  )
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
async function listing(folder: string, asked: URLSearchParams): Promise<string> {
  const [prefix, after] = [asked.get('prefix') ?? '', asked.get('continuation-token') ?? '']
  const all = [...(await filesOf(folder))].filter(([key]) => key.startsWith(prefix) && key > after)
  const page = all.toSorted(([one], [other]) => (one < other ? -1 : 1)).slice(0, namesPerPage)
  const contents = await Promise.all(
    page.map(async ([key, path]) => {
      const { size, mtime } = await stat(path)
      return `<Contents><Key>${key}</Key><Size>${size}</Size><LastModified>${mtime.toISOString()}</LastModified></Contents>`
    }),
  )
  const isWhole = page.length === all.length
  const next = isWhole ? '' : `<NextContinuationToken>${page.at(-1)?.[0]}</NextContinuationToken>`
  return `<ListBucketResult><IsTruncated>${!isWhole}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
}

function sendXml(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(text)
}
