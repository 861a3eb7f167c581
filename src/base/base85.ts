/** What `tools/packed.ts` has written: 5 characters from "(" on, without "\" and "`", for 4 bytes. */
export function bytesOf(text: string): Buffer {
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (let place = at; place < at + 5; place++) {
      const code = text.charCodeAt(place);
      word = word * 85 + code - 40 - Number(code > 92) - Number(code > 96);
    }
    bytes.writeUInt32BE(word, (at / 5) * 4);
  }
  return bytes;
}
