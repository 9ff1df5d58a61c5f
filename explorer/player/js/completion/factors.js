// What a run of matrix completion holds at a half step.

// X and Y as left_at and right_at say; without them, as in ALS, odd half steps solve X, even ones Y.
export function factorsAt(model, half) {
  const { m, n, rank } = model;
  const a = model.left_at ? model.left_at[half] : Math.floor((half + 1) / 2);
  const b = model.right_at ? model.right_at[half] : Math.floor(half / 2);
  return {
    left: model.lefts.subarray(a * m * rank, (a + 1) * m * rank),
    right: model.rights.subarray(b * n * rank, (b + 1) * n * rank),
  };
}

export function shownFactors(model, { half, progress }) {
  const now = factorsAt(model, half);
  if (progress >= 1 || half === 0) return now;
  const before = factorsAt(model, half - 1);
  const mix = (from, to) => from.map((value, i) => value + (to[i] - value) * progress);
  return { left: mix(before.left, now.left), right: mix(before.right, now.right) };
}

export function productAt(model, { left, right }) {
  const { m, n, rank } = model;
  const product = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < rank; c++) sum += left[i * rank + c] * right[j * rank + c];
      product[i * n + j] = sum;
    }
  }
  return product;
}
