/** Makes a photo of a phone small enough for a weak line. A file sent as a file is never touched. */

const LARGE = 2 * 1024 * 1024;
const LONGEST = 2560;

/** The photo as a smaller JPEG, or itself when it is small, no photo, or this webview cannot do it faithfully. */
export async function shrink(file: File): Promise<Blob> {
  if (file.size <= LARGE || !/^image\/(jpeg|png|webp)$/.test(file.type) || !turnsByItself()) return file;
  try {
    const image = await load(file);
    const scale = Math.min(1, LONGEST / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * scale);
    canvas.height = Math.round(image.naturalHeight * scale);
    const pen = canvas.getContext("2d");
    if (!pen || !canvas.toBlob) return file;
    // A see-through ground would turn black in JPEG.
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const small = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return small && small.size < file.size ? small : file;
  } catch {
    return file;
  }
}

/** Older webviews draw without the camera's turn, and the canvas drops the note about it: the photo would lie. */
function turnsByItself(): boolean {
  return typeof CSS === "object" && !!CSS.supports && CSS.supports("image-orientation", "from-image");
}

function load(file: Blob): Promise<HTMLImageElement> {
  return new Promise((done, fail) => {
    const url = URL.createObjectURL(file);
    const image = new Image();
    image.onload = () => {
      URL.revokeObjectURL(url);
      done(image);
    };
    image.onerror = () => {
      URL.revokeObjectURL(url);
      fail(new Error("not an image"));
    };
    image.src = url;
  });
}
