% matlab_ssim(FILE, HEIGHT, WIDTH, CHANNELS): prints the mean SSIM of the two uint8 images in FILE, column by
% column, as MATLAB documents its ssim: the array is a volume, weighed by a Gaussian of sigma 1.5 and a radius
% of 3 sigma in all three directions; borders are replicated; L = 255; the map is averaged over all elements.
function matlab_ssim(file, height, width, channels)
  handle = fopen(file);
  images = reshape(fread(handle, "uint8=>double"), height, width, channels, 2);
  fclose(handle);
  radius = ceil(3 * 1.5);
  [down, right, across] = ndgrid(-radius:radius);
  window = exp(-(down.^2 + right.^2 + across.^2) / (2 * 1.5^2));
  window = window / sum(window(:));
  smooth = @(volume) convn(replicated(volume, radius), window, "valid");

  x = images(:, :, :, 1);
  y = images(:, :, :, 2);
  mean_x = smooth(x);
  mean_y = smooth(y);
  variance_x = smooth(x.^2) - mean_x.^2;
  variance_y = smooth(y.^2) - mean_y.^2;
  covariance = smooth(x .* y) - mean_x .* mean_y;
  c1 = (0.01 * 255)^2;
  c2 = (0.03 * 255)^2;
  map = (2 * mean_x .* mean_y + c1) .* (2 * covariance + c2) ...
        ./ ((mean_x.^2 + mean_y.^2 + c1) .* (variance_x + variance_y + c2));
  printf("%.17g\n", mean(map(:)));
end

function volume = replicated(volume, radius)
  inside = @(count) min(max(1 - radius:count + radius, 1), count);
  volume = volume(inside(size(volume, 1)), inside(size(volume, 2)), inside(size(volume, 3)));
end
