import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from './database.ts'

test('a full disk is told as such, loses nothing that was confirmed, and is over once there is space', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-full-'))
  const db = openDatabase(path.join(directory, 'ferrite.db'))
  onTestFinished(async () => {
    db.close()
    await rm(directory, { recursive: true })
  })
  db.run('CREATE TABLE things (id INTEGER PRIMARY KEY, body TEXT) STRICT')
  const pages = Number(db.get('PRAGMA page_count')?.['page_count'])
  db.get(`PRAGMA max_page_count=${pages + 20}`)

  const put = async () => {
    db.transaction(() => db.run('INSERT INTO things (body) VALUES (?)', 'x'.repeat(10_000)))
    await db.settled()
  }
  let confirmed = 0
  const refused: unknown[] = []
  while (refused.length < 3) {
    await put().then(
      () => (confirmed += 1),
      (error: unknown) => refused.push(error),
    )
  }
  expect(confirmed).toBeGreaterThan(0)
  for (const error of refused) {
    expect(error).toMatchObject({ code: 'storage_failed', message: expect.stringContaining('is full') as string })
  }
  expect(db.trouble()).toContain('is full')
  expect(db.get('SELECT count(*) AS n FROM things')?.['n']).toBe(confirmed)

  db.get('PRAGMA max_page_count=100000')
  await put()
  expect(db.trouble()).toBeUndefined()
  expect(db.get('SELECT count(*) AS n FROM things')?.['n']).toBe(confirmed + 1)
})

test('a damaged database is refused at the start, and what to do is said', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-damaged-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = path.join(directory, 'ferrite.db')
  const db = openDatabase(file)
  db.run('CREATE TABLE things (id INTEGER PRIMARY KEY, body TEXT) STRICT')
  db.transaction(() => {
    for (let n = 0; n < 100; n += 1) db.run('INSERT INTO things (body) VALUES (?)', 'x'.repeat(1000))
  })
  db.close()
  {
    await using handle = await open(file, 'r+')
    const { size } = await handle.stat()
    await handle.write(Buffer.alloc(8192, 0xff), 0, 8192, size - 16_384)
  }
  expect(() => openDatabase(file)).toThrow(/damaged; restore a backup/)
  await writeFile(file, 'no database at all'.repeat(100))
  expect(() => openDatabase(file)).toThrow(/damaged; restore a backup/)
})
