"""What PSNR and SSIM cost."""
