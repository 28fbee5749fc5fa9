// Reads a coupon with the camera, where the browser itself knows how to (BarcodeDetector).
// Without it, or without leave to use the camera, the code is typed.
"use strict";
(async () => {
  const button = document.getElementById("camera");
  const view = document.getElementById("view");
  const kinds = ["qr_code", "code_128", "data_matrix"];
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const known = await BarcodeDetector.getSupportedFormats();
  const formats = kinds.filter((kind) => known.includes(kind));
  if (!formats.length) return;
  const detector = new BarcodeDetector({ formats });
  const words = [button.textContent, button.dataset.stop];
  let stream = null;

  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    view.hidden = true;
    button.textContent = words[0];
  };

  const look = async () => {
    if (!stream) return;
    const [found] = await detector.detect(view).catch(() => []);
    if (found) {
      stop();
      document.getElementById("code").value = found.rawValue;
      document.getElementById("look").requestSubmit();
      return;
    }
    setTimeout(look, 120);
  };

  button.hidden = false;
  button.addEventListener("click", async () => {
    if (stream) return stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment" },
      });
      view.srcObject = stream;
      await view.play();
    } catch {
      stop();
      document.getElementById("denied").hidden = false;
      return;
    }
    view.hidden = false;
    button.textContent = words[1];
    look();
  });
})();
