/**
 * @module
 * Makes zips, also such as no program would make.
 */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipEntry {
  readonly path: string;
  readonly content?: string | Buffer;
  /** Of the file, with its kind: 0o100644 is a plain one. Default: none, as other systems have it. */
  readonly mode?: number;
  /** Default: deflate. */
  readonly method?: number;
  /** What the zip says, in place of the truth. */
  readonly says?: { readonly bytes?: number; readonly crc?: number; readonly flags?: number };
}

const UNIX = 3 << 8;

export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const { path, content = "", mode, method = 8, says = {} } of entries) {
    const bytes = Buffer.from(content);
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(says.flags ?? 0, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(says.crc ?? crc32(bytes), 10);
    common.writeUInt32LE(packed.byteLength, 14);
    common.writeUInt32LE(says.bytes ?? bytes.byteLength, 18);
    common.writeUInt16LE(name.byteLength, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((mode ?? 0) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    const madeBy = Buffer.alloc(2);
    madeBy.writeUInt16LE(mode === undefined ? 20 : UNIX | 20);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, packed]);
    list.push(Buffer.concat([Buffer.from("PK\x01\x02"), madeBy, common, rest, name]));
    locals.push(local);
    offset += local.byteLength;
  }
  const listBytes = Buffer.concat(list);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(listBytes.byteLength, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, listBytes, Buffer.from("PK\x05\x06"), end]);
}
