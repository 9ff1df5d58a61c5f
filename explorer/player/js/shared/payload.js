// Decodes what explorer/player/payload.py packs: a little-endian uint32 with the header's length, the header as
// JSON, and the arrays one after the other, each aligned to 8 bytes so that it can be viewed without a copy.

const VIEWS = { f8: Float64Array, f4: Float32Array, u1: Uint8Array, i4: Int32Array };

export function decode(bytes) {
  // The bytes may start anywhere in a larger buffer (a websocket message): copy once, so that views are aligned.
  const buffer = bytes.slice().buffer;
  const headerLength = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength)));
  const start = align(4 + headerLength);
  const message = { ...header };
  delete message.arrays;
  for (const { name, dtype, offset, length } of header.arrays ?? []) {
    message[name] = new VIEWS[dtype](buffer, start + offset, length);
  }
  return message;
}

function align(position) {
  return Math.ceil(position / 8) * 8;
}
