// Reads a coupon with the camera: as it looks, where the browser itself knows how to
// (BarcodeDetector); elsewhere from a picture, which the server reads. Without leave to
// use the camera, and without this script, there are still the picture and the keys.
"use strict";
(async () => {
  const by = (id) => document.getElementById(id);
  const [form, send, file] = [by("look"), by("send"), by("file")];
  const [camera, photograph, view] = [by("camera"), by("photograph"), by("view")];
  // A code is sharp enough at this size; a whole picture would take seconds to send.
  const LARGEST = 1600;
  const KINDS = ["qr_code", "code_128", "data_matrix"];

  const shrink = async () => {
    const image = await createImageBitmap(file.files[0]);
    const scale = Math.min(1, LARGEST / Math.max(image.width, image.height));
    const paper = document.createElement("canvas");
    paper.width = Math.round(image.width * scale);
    paper.height = Math.round(image.height * scale);
    paper.getContext("2d").drawImage(image, 0, 0, paper.width, paper.height);
    const small = await new Promise((done) => paper.toBlob(done, "image/jpeg", 0.85));
    const box = new DataTransfer();
    box.items.add(new File([small], "coupon.jpg", { type: small.type }));
    file.files = box.files;
  };

  const takePictures = () => {
    by("picture").hidden = true;
    photograph.addEventListener("click", () => file.click());
    file.addEventListener("change", async () => {
      if (!file.files.length) return;
      // What the browser cannot make smaller is sent as it is.
      await shrink().catch(() => {});
      form.requestSubmit(send);
    });
  };

  const offerCamera = (detector) => {
    const words = [camera.textContent, camera.dataset.stop];
    let stream = null;

    const stop = () => {
      stream?.getTracks().forEach((track) => track.stop());
      stream = null;
      view.hidden = true;
      camera.textContent = words[0];
    };

    const look = async () => {
      if (!stream) return;
      const [found] = await detector.detect(view).catch(() => []);
      if (found) {
        stop();
        by("code").value = found.rawValue;
        form.requestSubmit();
        return;
      }
      setTimeout(look, 120);
    };

    camera.hidden = false;
    camera.addEventListener("click", async () => {
      if (stream) return stop();
      try {
        stream = await navigator.mediaDevices.getUserMedia({
          video: { facingMode: "environment" },
        });
        view.srcObject = stream;
        await view.play();
      } catch {
        stop();
        by("denied").hidden = photograph.hidden = false;
        return;
      }
      view.hidden = false;
      camera.textContent = words[1];
      look();
    });
  };

  const findFormats = async () => {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return [];
    const known = await BarcodeDetector.getSupportedFormats();
    return KINDS.filter((kind) => known.includes(kind));
  };

  takePictures();
  const formats = await findFormats();
  if (formats.length) offerCamera(new BarcodeDetector({ formats }));
  else photograph.hidden = false;
})();
